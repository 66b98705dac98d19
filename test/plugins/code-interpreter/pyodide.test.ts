import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { pyodide } from "../../../plugins/code-interpreter/pyodide/index.ts";
import { describeCodeRuntime, run } from "../../contract/code-runtime.ts";
import { recordingLog } from "../../helpers/recording-log.ts";
import { cacheFolder, never, runtimeWith, warmSession } from "./pyodide-runtimes.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

describeCodeRuntime("pyodide", () => pyodide({ cacheFolder }).create({ log: recordingLog().log }));

it("refuses options that it does not know", () => {
  expect(() => pyodide({ memoryMib: 5 } as object)).toThrow(/memoryMib/);
  expect(() => pyodide({ memoryMiB: 1 })).toThrow(/memoryMiB/);
});

it("starts nothing before its first session", async () => {
  const script = [
    `const { pyodide } = await import("${root}plugins/code-interpreter/pyodide/index.ts");`,
    "const runtime = pyodide().create({ log: console });",
    "console.log(JSON.stringify(await runtime.check()));",
  ].join("\n");
  // No process can be started there, nor a file written.
  const flags = ["--permission", `--allow-fs-read=${root}`];
  const args = [...flags, "--no-warnings", "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  expect(JSON.parse(stdout)).toEqual({ runtime: "pyodide", sessions: 0 });
});

it("says on which host it is, layer by layer", async () => {
  const confined = await runtimeWith().examine(never);
  expect(confined).toMatchObject({
    python: expect.stringMatching(/^3\.\d+\.\d+$/),
    filesystem: "Python and its own code, read-only",
    network: expect.stringMatching(/^none \(namespace: |^no sockets in reach; no namespace: ./),
    processes: "none can be started",
    codeFromStrings: "disallowed",
    environment: "empty",
    memoryMiB: 512,
    startMs: expect.any(Number),
  });
  expect(await runtimeWith({}, "bare").examine(never)).toMatchObject({
    process: "own",
    network: expect.stringMatching(/^no sockets in reach; no namespace: /),
    endsWithGateway: expect.stringContaining("when it next looks"),
    coreDumps: "as the gateway's",
  });
});

it("says how many sessions there are, and refuses one more than it may have", async () => {
  const runtime = runtimeWith({ maxSessions: 1 });
  const session = await runtime.open(never);
  expect(await runtime.check()).toEqual({ runtime: "pyodide", sessions: 1 });
  await expect(runtime.open(never)).rejects.toMatchObject({ reason: "busy" });
  await session.close();
  expect(await runtime.check()).toEqual({ runtime: "pyodide", sessions: 0 });
  await (await runtime.open(never)).close();
});

it("opens no session that nobody wants any more", async () => {
  const runtime = runtimeWith({ maxStarts: 1 });
  const leaving = new AbortController();
  const opening = [runtime.open(leaving.signal), runtime.open(leaving.signal)];
  leaving.abort(new Error("left"));
  await Promise.all(opening.map((one) => expect(one).rejects.toThrow("left")));
  await expect(runtime.open(leaving.signal)).rejects.toThrow("left");
  expect(await runtime.check()).toEqual({ runtime: "pyodide", sessions: 0 });
  await (await runtime.open(never)).close();
});

it("gives up a start that takes too long, and says so", async () => {
  const runtime = runtimeWith({ startTimeoutMs: 1 });
  await expect(runtime.open(never)).rejects.toMatchObject({ reason: "unavailable", message: /in time/ });
  expect(await runtime.check()).toMatchObject({ lastFailure: expect.stringContaining("in time") });
});

// asyncio may need a second interrupt, which comes after half of the time.
const warm = warmSession({ interruptGraceMs: 8_000 });

it("names the other runtime when a package is missing", async () => {
  const session = await warm();
  for (const name of ["numpy", "pandas.core", "micropip", "tkinter"]) {
    const { of } = await run(session, `import ${name}`);
    expect(of("traceback")).toMatch(
      /ModuleNotFoundError: No module named '\w+'.*standard library.*VR_JUPYTER_URL/,
    );
    expect(of("traceback")).not.toMatch(/loadPackage|install it|pyodide/i);
  }
  const optional =
    "import importlib.util\ntry:\n    import numpy\nexcept ImportError:\n    print(importlib.util.find_spec('numpy'))";
  expect((await run(session, optional)).text).toBe("None\n");
  expect((await run(session, "open('mine.py', 'w').write('x = 5')\nimport mine\nmine.x")).of("result")).toBe(
    "5",
  );
});

it("shows what users know of tracebacks: their lines, causes and the library's", async () => {
  const session = await warm();
  await run(session, "import json\ndef parse(text):\n    return json.loads(text)");
  const raised = "try:\n    parse('{')\nexcept ValueError as error:\n    raise KeyError('no') from error";
  const traceback = (await run(session, raised)).of("traceback");
  const raising = Number(/File "<cell (\d+)>", line 2/.exec(traceback)?.[1]);
  expect(traceback).toContain(`File "<cell ${raising - 1}>", line 3, in parse\n    return json.loads(text)`);
  expect(traceback).toContain("direct cause");
  expect(traceback).not.toContain("<gateway>");
  expect((await run(session, "def deep(n):\n    return deep(n + 1)\ndeep(0)")).of("traceback")).toMatch(
    /RecursionError/,
  );
  expect((await run(session, "print('alive')")).text).toBe("alive\n");
});

it("runs asyncio as programs do: tasks, timeouts, asyncio.run, and an interrupt", async () => {
  const session = await warm();
  const tasks = "import asyncio\nasync def f(n):\n    await asyncio.sleep(0.01)\n    return n\n";
  expect((await run(session, `${tasks}await asyncio.gather(f(1), f(2))`)).of("result")).toBe("[1, 2]");
  expect((await run(session, "asyncio.run(f(3))")).of("result")).toBe("3");
  const late = await run(session, "await asyncio.wait_for(asyncio.sleep(60), 0.05)");
  expect(late.of("traceback")).toMatch(/TimeoutError/);
  for (const code of ["await asyncio.sleep(60)", "asyncio.run(asyncio.sleep(60))", "await asyncio.Future()"])
    expect((await run(session, code, { timeoutMs: 200 })).end, code).toEqual({
      kind: "timed_out",
      lost: false,
    });
  const busy = "async def busy():\n    while True: pass\nasyncio.run(busy())";
  expect((await run(session, busy, { timeoutMs: 200 })).end).toEqual({ kind: "timed_out", lost: false });
  expect((await run(session, "await f(4)")).of("result")).toBe("4");
});

it("shows text, JPEG and bundles, and images too large as a note", async () => {
  const session = await warm();
  const code = [
    "class Both:",
    "    def _repr_mimebundle_(self, **k): return {'image/png': 'iVBORw0KGgo=', 'text/plain': 'x'}, {}",
    "class Jpeg:",
    "    def _repr_jpeg_(self): return b'\\xff\\xd8'",
    "class Huge:",
    "    def _repr_png_(self): return bytes(9 * 2**20)",
    "class Broken:",
    "    def _repr_png_(self): raise ValueError()",
    "    def __repr__(self): return 'plain'",
    "display('text', Both(), Jpeg(), Huge(), Both, Broken())",
  ].join("\n");
  const shown = await run(session, code);
  expect(shown.end).toEqual({ kind: "finished" });
  expect(shown.images).toEqual([
    { mediaType: "image/png", base64: "iVBORw0KGgo=" },
    { mediaType: "image/jpeg", base64: "/9g=" },
  ]);
  expect(shown.of("stdout")).toBe("'text'\n<class '__main__.Both'>\nplain\n");
  expect(shown.of("stderr")).toContain("image/png of 9437184 bytes left out");
});
