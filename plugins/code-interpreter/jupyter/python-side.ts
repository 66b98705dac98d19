/**
 * What is run in a Python kernel before anybody's code: the working directory, limits, figures, and functions that
 * list, read and remove files. It lives in a module of its own, of which code can only see functions: where the
 * working directory is, and what is called to list and remove it, they hold as arguments' defaults. Removing goes no
 * further than the folder that was made here, by its device and number, whatever now bears its name. Code that takes
 * Python apart on purpose can make it lie about its files; what it says is checked.
 *
 * Functions answer with ASCII: "=" and base64, or "!" and a reason.
 */
const MODULE = String.raw`
import importlib.util, os, signal, sys, tempfile
from binascii import b2a_base64

MOST_SEEN = 20000
scandir, lstat, fstat, open_fd, read_fd, close_fd = os.scandir, os.lstat, os.fstat, os.open, os.read, os.close
unlink, rmdir, chdir, listdir, kill = os.unlink, os.rmdir, os.chdir, os.listdir, os.kill
own_pid, own_session = os.getpid, getattr(os, "getsid", None)
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
SIGKILL = getattr(signal, "SIGKILL", None)

def answer(data):
    return "=" + b2a_base64(data, newline=False).decode("ascii")

def bound(name, value):
    import resource
    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))

def own_folder(path):
    """Its identity if it is a folder of the user's own, and not a link to one."""
    try:
        state = lstat(path)
    except OSError:
        return None
    own = not hasattr(os, "getuid") or state.st_uid == os.getuid()
    return (state.st_dev, state.st_ino) if state.st_mode & 0o170000 == 0o040000 and own else None

root = given["directory"]
if not own_folder(root):
    root = os.path.realpath(tempfile.mkdtemp(prefix="vr-"))
identity = own_folder(root)
chdir(root)
# A server that got its token this way hands it on; what prints its environment must not show it.
for name in ("JUPYTER_TOKEN", "KG_AUTH_TOKEN"):
    os.environ.pop(name, None)
if importlib.util.find_spec("matplotlib_inline"):
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
# The kernel writes its messages with json.dumps: code that replaces it would silence the kernel.
messaging = sys.modules.get("jupyter_client.session")
if hasattr(messaging, "json"):
    own = type(sys)("json")
    vars(own).update(vars(messaging.json))
    messaging.json = own
if given["bytes"]:
    bound("RLIMIT_AS", given["bytes"])
if given["processes"]:
    bound("RLIMIT_NPROC", given["processes"])

def where(root=root):
    return answer(root.encode("utf-8", "replace"))

def files(most, root=root, scandir=scandir):
    found, waiting, seen = [], [""], 0
    while waiting and seen < MOST_SEEN:
        folder = waiting.pop()
        try:
            entries = scandir(root + "/" + folder)
        except OSError:
            continue
        with entries:
            for entry in entries:
                seen += 1
                path = folder + entry.name
                try:
                    path.encode("utf-8")
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(path + "/")
                    elif entry.is_file(follow_symlinks=False):
                        state = entry.stat(follow_symlinks=False)
                        found.append((path, state.st_size, state.st_mtime))
                except (OSError, ValueError):
                    pass
                if seen >= MOST_SEEN:
                    break
    found.sort()
    return answer("\0".join("%s\0%d\0%.6f" % one for one in found[:most]).encode("utf-8"))

def read(path, most, root=root, lstat=lstat):
    at, parts = root, path.split("/")
    try:
        for i, part in enumerate(parts):
            at += "/" + part
            wanted = 0o100000 if i == len(parts) - 1 else 0o040000
            if lstat(at).st_mode & 0o170000 != wanted:
                return "!not_found"
        fd = open_fd(at, READ)
    except (OSError, ValueError):
        return "!not_found"
    try:
        if fstat(fd).st_size > most:
            return "!too_large"
        data = b""
        while len(data) <= most:
            more = read_fd(fd, most + 1 - len(data))
            if not more:
                break
            data += more
        return answer(data) if len(data) <= most else "!too_large"
    finally:
        close_fd(fd)

def end_processes():
    me = own_pid()
    if not SIGKILL or not own_session or own_session(0) != me:
        return
    for _ in range(50):
        left = 0
        for name in listdir("/proc"):
            if not name.isdigit() or int(name) == me:
                continue
            try:
                with open("/proc/" + name + "/stat", "rb") as stat:
                    state, _, _, session = stat.read().rpartition(b")")[2].split()[:4]
                if int(session) == me and state != b"Z":
                    left += 1
                    kill(int(name), SIGKILL)
            except (OSError, ValueError):
                pass
        if not left:
            return

def remove_folder(path, scandir=scandir, unlink=unlink, rmdir=rmdir):
    with scandir(path) as entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    remove_folder(entry.path)
                else:
                    unlink(entry.path)
            except OSError:
                pass
    rmdir(path)

def remove(root=root, identity=identity, own_folder=own_folder, remove_folder=remove_folder, chdir=chdir):
    try:
        end_processes()
    except OSError:
        pass
    try:
        chdir("/")
        if identity and own_folder(root) == identity:
            remove_folder(root)
    except OSError:
        pass
    return answer(b"")

del root, identity
`;

const NAME = "_vr_session";

export interface Preparation {
  /** Taken up again after a restart; a new one is made where it is `undefined`. */
  directory: string | undefined;
  /** Bytes of address space. */
  bytes: number | undefined;
  processes: number | undefined;
}

/** Python that prepares a kernel. It leaves no name behind in the user's variables. */
export function toPrepare({ directory = "", bytes = 0, processes = 0 }: Preparation): string {
  const given = `{"directory": ${toLiteral(directory)}, "bytes": ${bytes}, "processes": ${processes}}`;
  const own = `dict(vars(__import__("builtins")))`;
  const module = `__import__("sys").modules.setdefault("${NAME}", type(__import__("sys"))("${NAME}"))`;
  return [
    `(lambda module: exec(compile(${toLiteral(MODULE)}, "${NAME}", "exec"), module.__dict__))(`,
    `(lambda module: (module.__dict__.update(__builtins__=${own}, given=${given}), module)[1])(${module}))`,
  ].join("");
}

/** Python expressions; each gives what `readAnswer` reads. */
export const ask = {
  where: () => call("where"),
  files: (limit: number) => call("files", String(limit)),
  read: (path: string, maxBytes: number) => call("read", toLiteral(path), String(maxBytes)),
  remove: () => call("remove"),
};

const call = (name: string, ...args: string[]) =>
  `__import__("sys").modules["${NAME}"].${name}(${args.join(", ")})`;

export type Answer = { kind: "data"; data: Buffer } | { kind: "not_found" } | { kind: "too_large" };

/** Reads the `repr` of an answer; `undefined` if it is not an answer of these functions. */
export function readAnswer(repr: string): Answer | undefined {
  if (repr === "'!not_found'") return { kind: "not_found" };
  if (repr === "'!too_large'") return { kind: "too_large" };
  return /^'=[A-Za-z\d+/]*={0,2}'$/.test(repr)
    ? { kind: "data", data: Buffer.from(repr.slice(2, -1), "base64") }
    : undefined;
}

/** A Python literal. ASCII JSON strings are valid in Python, except that Python does not join surrogate pairs. */
function toLiteral(text: string): string {
  return JSON.stringify(text).replaceAll(/[^\x20-\x7e]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return `\\U${point.toString(16).padStart(8, "0")}`;
  });
}
