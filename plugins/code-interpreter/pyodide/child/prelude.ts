import { FORGET } from "./forget.ts";

/**
 * Python's side of the child: part of the snapshot, so it holds no JavaScript object. Text, since the build copies
 * TypeScript only. It reaches JavaScript through file descriptors alone: 1 and 2, and `/dev/show` for what is shown.
 */
export const PRELUDE = String.raw`
def _prelude():
    import ast, asyncio, base64, builtins, errno, gc, importlib.abc, inspect, io, json, linecache, math, os, random, re
    import sys, time, traceback, types, _imp, _testinternalcapi
    import collections, dataclasses, datetime, decimal, fractions, functools, itertools, statistics, string, textwrap

    HIDDEN = {"js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core", "micropip", "ctypes", "_ctypes"}
    ABSENT = (
        "this is the gateway's built-in Python, which has the standard library only; "
        "packages need the Jupyter runtime (VR_JUPYTER_URL)"
    )
    SHOWN_AS = (("image/png", "_repr_png_"), ("image/jpeg", "_repr_jpeg_"), ("image/svg+xml", "_repr_svg_"))
    OWN = "<gateway>"
    main = types.ModuleType("__main__")
    plain_sleep = getattr(time.sleep, "__wrapped__", time.sleep)
    plain_run = getattr(asyncio.run, "__wrapped__", asyncio.run)
    perf_counter, open_fd, write_fd, close_fd = time.perf_counter, os.open, os.write, os.close

    def show(kind, data):
        """One write is one message."""
        fd = open_fd("/dev/show", os.O_WRONLY)
        try:
            write_fd(fd, kind.encode() + b"\n" + data)
        finally:
            close_fd(fd)

    def show_text(stream, text):
        flush()
        show(stream, text.encode("utf-8", "backslashreplace"))

    def flush():
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass

    def image_of(value):
        """(media type, bytes) of what shows itself as an image, or None."""
        if isinstance(value, type):
            return None
        bundle = call(value, "_repr_mimebundle_")
        if isinstance(bundle, tuple) and bundle:
            bundle = bundle[0]
        for media_type, method in SHOWN_AS:
            data = bundle.get(media_type) if isinstance(bundle, dict) else None
            if data is None:
                data = call(value, method)
            if isinstance(data, tuple) and data:
                data = data[0]
            if isinstance(data, str) and media_type != "image/svg+xml":
                data = base64.b64decode(data)
            if isinstance(data, str):
                data = data.encode()
            if isinstance(data, (bytes, bytearray)):
                return media_type, bytes(data)
        return None

    def call(value, method):
        try:
            found = getattr(value, method, None)
            return found() if callable(found) else None
        except Exception:
            return None

    def display(*values):
        """Shows images as such, anything else as print would show its repr."""
        for value in values:
            image = image_of(value)
            if image:
                flush()
                show(*image)
            else:
                show_text("stdout", repr(value) + "\n")

    def show_result(value):
        if value is None:
            return
        main.__dict__["_"] = value
        image = image_of(value)
        if image:
            flush()
            show(*image)
        else:
            show_text("result", repr(value))

    def sleep(seconds, /):
        """In slices, between which an interrupt is noticed."""
        if not isinstance(seconds, (int, float)) or not 0.02 < seconds < 1e9:
            return plain_sleep(seconds)
        end = perf_counter() + seconds
        while (left := end - perf_counter()) > 0:
            plain_sleep(min(left, 0.02))

    class Loop(asyncio.BaseEventLoop):
        """Has nothing to wait for but time: no sockets, no threads. So it runs to its end in place."""

        def __init__(self):
            super().__init__()
            self._selector = self

        def select(self, timeout):
            sleep(1e8 if timeout is None else timeout)
            return ()

        def _process_events(self, events):
            pass

        def _write_to_self(self):
            pass

    class Policy(asyncio.events._BaseDefaultEventLoopPolicy):
        _loop_factory = Loop

    class Absent(importlib.abc.MetaPathFinder):
        """Last to be asked for a module: says why it is not there, to import statements only."""

        def find_spec(self, name, path=None, target=None):
            asked_by = sys._getframe()
            while asked_by and (asked_by.f_code.co_filename == OWN or asked_by.f_code.co_name == "_find_spec"):
                asked_by = asked_by.f_back
            if asked_by and asked_by.f_code.co_name.startswith("_find_and_load"):
                raise ModuleNotFoundError(f"No module named {name!r}: {ABSENT}", name=name)
            return None

    class Hidden(Absent):
        """First to be asked: what leads to JavaScript."""

        def find_spec(self, name, path=None, target=None):
            return super().find_spec(name) if name.partition(".")[0] in HIDDEN else None

    def no_processes(*args, **options):
        raise OSError(errno.ENOSYS, "there are no other processes here")

    def stream_to(fd):
        raw = io.FileIO(fd, "w", closefd=False)
        return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)

${FORGET}

    def seal():
        """Takes away what leads to JavaScript, and what every snapshot's session would share."""
        finder = sys.modules["_pyodide._importhook"].jsfinder
        # A proxy's own class is made for what it can do; all have the one above it.
        proxies = [type(proxy).__mro__[-2] for proxy in finder.jsproxies.values()]
        finder.jsproxies.clear()
        core = sys.modules["_pyodide_core"]
        forget(proxies[0], {id(one) for one in vars(core).values() if type(one) is types.BuiltinFunctionType})
        vars(core).clear()
        _testinternalcapi.clear_extension("_pyodide_core", "_pyodide_core")
        asyncio.run, time.sleep = plain_run, sleep
        os.system = os.popen = no_processes
        for name in list(sys.modules):
            if name.partition(".")[0] in HIDDEN or name == "_testinternalcapi":
                del sys.modules[name]
        sys.meta_path[:] = [Hidden(), *(f for f in sys.meta_path if f is not finder), Absent()]
        sys.builtin_module_names = tuple(name for name in sys.builtin_module_names if _imp.is_builtin(name))
        sys.excepthook = sys.__excepthook__
        asyncio.events._set_event_loop_policy(Policy())
        asyncio.events._set_running_loop(None)
        sys.stdin, sys.stdout, sys.stderr = open(0), stream_to(1), stream_to(2)
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
        main.__dict__.update(__builtins__=builtins, display=display)
        sys.modules["__main__"] = main
        random.seed()
        gc.collect()

    loop = None

    def evaluate(compiled):
        nonlocal loop
        if not compiled.co_flags & inspect.CO_COROUTINE:
            return eval(compiled, main.__dict__)
        if loop is None or loop.is_closed():
            loop = Loop()
        asyncio.set_event_loop(loop)
        task = loop.create_task(eval(compiled, main.__dict__))
        try:
            return loop.run_until_complete(task)
        finally:
            task.cancel()

    def is_silent(code, last):
        """Whether a semicolon follows the last expression."""
        line = re.split(r"\r\n|\r|\n", code)[last.end_lineno - 1].encode("utf-8", "surrogatepass")
        return line[last.end_col_offset :].lstrip().startswith(b";")

    def run(code, name):
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree = compile(code, name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        last = tree.body[-1] if tree.body else None
        shows = isinstance(last, ast.Expr) and not is_silent(code, last)
        if shows:
            tree.body.pop()
        evaluate(compile(tree, name, "exec", flags, dont_inherit=True))
        if shows:
            show_result(evaluate(compile(ast.Expression(last.value), name, "eval", flags, dont_inherit=True)))

    def without_own_frames(error, seen):
        """The exception's story as its author knows it: from the first line of theirs on."""
        if error is None or id(error) in seen:
            return
        seen.add(id(error))
        error.stack = traceback.StackSummary.from_list([f for f in error.stack if f.filename != OWN])
        for other in (error.__cause__, error.__context__, *(error.exceptions or ())):
            without_own_frames(other, seen)

    def describe(error):
        try:
            story = traceback.TracebackException.from_exception(error, compact=True)
            without_own_frames(story, set())
            return "".join(story.format(colorize=False))
        except Exception:
            return f"{type(error).__name__}\n"

    count = 0

    def execute(code):
        """Runs code. Returns whether it raised."""
        nonlocal count
        count += 1
        name = f"<cell {count}>"
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)
        raised = False
        try:
            run(code, name)
        except BaseException as error:
            raised = True
            show_text("traceback", describe(error))
        flush()
        return raised

    def report(error):
        """Reports an exception of execute itself: there was no memory or stack to report another."""
        show("traceback", f"{type(error).__name__}\n".encode("utf-8", "backslashreplace"))

    return seal, execute, report


_gateway = _prelude()
`;

/** The file name it runs under, which tracebacks leave out. */
export const PRELUDE_FILE = "<gateway>";
/** The global that holds `(seal, execute, report)` then. */
export const PRELUDE_NAME = "_gateway";
