import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { run } from "../../contract/code-runtime.ts";
import { gone, never, runtimeWith, warmSession } from "./pyodide-runtimes.ts";

const MIB = 1024 * 1024;
const open = () => runtimeWith({ memoryMiB: 128 }).open(never);
const warm = warmSession({ memoryMiB: 128 });
/** With as much memory as sessions have that nobody has set any for. */
const warmAndLarge = warmSession();

it.each([
  ["one huge object", "x = bytearray(2**31 - 1)"],
  ["many small ones", "many = []\nwhile True: many.append(bytearray(10**6))"],
  ["a huge text", "'x' * 2**31"],
])("gives MemoryError for %s, and goes on; the gateway does not grow", async (_, code) => {
  const session = await open();
  const before = process.memoryUsage().rss;
  const ran = await run(session, code);
  expect(ran.end).toEqual({ kind: "raised" });
  expect(ran.of("traceback")).toMatch(/MemoryError|OverflowError/);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
  expect((await run(session, "many = x = None\nprint('alive')")).text).toBe("alive\n");
});

it("counts files as memory: the disk is full, and has room again when they are deleted", async () => {
  const session = await open();
  const write = "with open('big', 'wb') as f:\n    for i in range(200): f.write(bytes(10**6))";
  const ran = await run(session, write);
  expect(ran.end).toEqual({ kind: "raised" });
  expect(ran.of("traceback")).toMatch(/OSError: \[Errno \d+\] No space left on device/);
  expect(
    (await run(session, "import os\nos.remove('big')\nopen('small', 'wb').write(bytes(10**7))")).end.kind,
  ).toBe("finished");
  expect(await session.files(10, never)).toMatchObject([{ path: "small", bytes: 10 ** 7 }]);
  expect(
    (await run(session, `for i in range(50):\n    with open('same', 'wb') as f: f.write(bytes(10**7))`)).end
      .kind,
  ).toBe("finished");
});

it("keeps large files whole while they grow, and are cut, mapped and read", async () => {
  const session = await open();
  const code = [
    "import hashlib, mmap, os",
    "data = os.urandom(5 * 10**6)",
    "with open('large', 'wb') as f:",
    "    for at in range(0, len(data), 333): f.write(data[at:at + 333])",
    "with open('large', 'r+b') as f:",
    "    f.truncate(2 * 10**6)",
    "    f.seek(2 * 10**6)",
    "    f.write(data[2 * 10**6:])",
    "read = open('large', 'rb').read()",
    "with open('large', 'rb') as f: mapped = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)[:]",
    "print(read == data, mapped == data, hashlib.sha256(data).hexdigest())",
  ].join("\n");
  const ran = await run(session, code);
  const bytes = await session.read("large", 10 ** 7, never);
  expect(bytes).toHaveLength(5_000_000);
  expect(ran.text).toBe(`True True ${createHash("sha256").update(bytes).digest("hex")}\n`);
});

it("kills a process that holds more than its limits foresee, and says why", async () => {
  const session = await open();
  // Deleted files that are still open are on no list.
  const code =
    "import os\nheld = []\nfor i in range(1000):\n    f = open('x', 'wb')\n    held.append(f)\n    os.remove('x')\n    f.write(bytes(10**7))\n    f.flush()";
  const ran = await run(session, code);
  expect(ran.end).toEqual({ kind: "died", reason: "The code used more than 128 MiB." });
});

const NESTED = "x = []\nfor i in range(10**5): x = [x]\n";

it.each([
  ["JSON that opens", "import json\njson.loads('[' * 10**6)"],
  ["JSON in objects", "import json\njson.loads('{\"a\":' * 10**6)"],
  ["JSON that is written", `import json\n${NESTED}json.dumps(x)`],
  ["a list that is shown", `${NESTED}repr(x)`],
  ["lists that are compared", `${NESTED}y = x\n${NESTED}x == y`],
  ["a pickle", `import pickle\n${NESTED}pickle.dumps(x)`],
  ["marshalled data", `import marshal\n${NESTED}marshal.dumps(x)`],
  ["brackets of code", "import ast\nast.parse('(' * 10**5 + ')' * 10**5)"],
  ["signs of code", "compile('-' * 10**5 + '1', 'x', 'eval')"],
  ["attributes of code", "compile('a' + '.a' * 10**5, 'x', 'exec')"],
  ["an expression of code", "compile('+'.join(['a'] * 10**5), 'x', 'eval')"],
  ["a regular expression", "import re\nre.compile('(' * 5000 + ')' * 5000)"],
  ["a method that shows itself", "class A:\n  def __repr__(self): return repr(self)\nrepr(A())"],
  ["a key that sorts", "def key(x): return sorted([1, 2], key=key)\nkey(1)"],
  ["exceptions in groups", `e = ValueError()\nfor i in range(10**4): e = ExceptionGroup('x', [e])\nraise e`],
])("survives what nests deep: %s", async (_, code) => {
  const session = await warm();
  const { end, ...ran } = await run(session, code);
  expect(end.kind).toMatch(/^(raised|finished)$/);
  if (end.kind === "raised")
    expect(ran.of("traceback")).toMatch(/RecursionError|MemoryError|SyntaxError|ValueError|ExceptionGroup/);
  expect((await run(session, "print('alive')")).text).toBe("alive\n");
});

it.each([
  ["a pair", "import socket\nsocket.socketpair()"],
  ["one that listens", "import socket\nsocket.create_server(('127.0.0.1', 8080))"],
  [
    "a datagram",
    "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 1))",
  ],
  ["a connection", "import socket\nsocket.create_connection(('127.0.0.1', 1), timeout=1)"],
  ["that of a descriptor", "import socket\nsocket.socket(fileno=1).listen()"],
  ["a name", "import socket\nsocket.create_connection(('example.com', 80))"],
  [
    "http.server",
    "import http.server as h\nh.HTTPServer(('', 8000), h.BaseHTTPRequestHandler).serve_forever()",
  ],
  ["asyncio", "import asyncio\nawait asyncio.start_server(print, '127.0.0.1', 8000)"],
  ["a selector's loop", "import asyncio\nasyncio.SelectorEventLoop()"],
])("says OSError of sockets, and goes on: %s", async (_, code) => {
  const session = await warm();
  const ran = await run(
    session,
    `${code.replace(/[^\n]*$/, "")}try:\n  ${code.split("\n").at(-1)}\nexcept OSError as e: print('OSError')`,
  );
  expect(ran.end).toEqual({ kind: "finished" });
  expect(ran.of("stdout")).toBe("OSError\n");
  expect((await run(session, "print('alive')")).text).toBe("alive\n");
});

it.each([
  ["os.fork", "import os\nwhile True: os.fork()"],
  ["os.system", "import os\nos.system('true')"],
  ["subprocess", "import subprocess\nsubprocess.run(['true'])"],
  ["multiprocessing", "import multiprocessing\nmultiprocessing.Process(target=print).start()"],
  ["threading", "import threading\nwhile True: threading.Thread(target=print).start()"],
  ["a pool", "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(print)"],
])("starts no process and no thread: %s", async (_, code) => {
  const session = await warm();
  const ran = await run(session, code);
  expect(ran.end).toEqual({ kind: "raised" });
  expect(ran.of("traceback")).toMatch(
    /OSError|RuntimeError|ModuleNotFoundError|ImportError|NotImplementedError/,
  );
  expect((await run(session, "print('alive')")).text).toBe("alive\n");
});

it.each([
  ["os._exit", "import os\nprint('last')\nos._exit(1)", "The code ended its process."],
  ["a signal to itself", "import os\nprint('last')\nos.kill(os.getpid(), 15)", "The code ended its process."],
  ["abort", "import os\nprint('last')\nos.abort()", "Python broke down: unreachable."],
])("tells that code ended its process, with what it printed: %s", async (_, code, reason) => {
  const session = await open();
  const ended = Promise.withResolvers<string>();
  session.onEnd(ended.resolve);
  const ran = await run(session, code);
  expect(ran.end).toEqual({ kind: "died", reason });
  expect(ran.of("stdout")).toContain("last\n");
  expect(session.alive).toBe(false);
  expect(await ended.promise).toBe(reason);
  expect((await run(session, "1")).end).toEqual({ kind: "died", reason });
  await expect(session.files(1, never)).rejects.toMatchObject({ reason: "unavailable" });
});

it("tells of a process that was killed from outside, during an execution and between two", async () => {
  const runtime = runtimeWith();
  const [one, other] = await Promise.all([runtime.open(never), runtime.open(never)]);
  const running = run(one, "print('begun')\nwhile True: pass");
  const { pid } = one;
  process.kill(pid ?? 0, "SIGKILL");
  expect((await running).end).toMatchObject({ kind: "died", reason: expect.stringMatching(/^Its process/) });
  await gone(pid ?? 0);

  const ended = Promise.withResolvers<string>();
  other.onEnd(ended.resolve);
  process.kill(other.pid ?? 0, "SIGKILL");
  expect(await ended.promise).toMatch(/^Its process/);
  expect(other.alive).toBe(false);
  expect(await runtime.check()).toMatchObject({ sessions: 0 });
});

it("kills a computation that cannot be interrupted", async () => {
  const session = await open();
  const { pid } = session;
  const ran = await run(session, "print('in')\nsum(range(10**12))", { timeoutMs: 300 });
  expect(ran.end).toEqual({ kind: "timed_out", lost: true });
  expect(ran.text).toBe("in\n");
  await gone(pid ?? 0);
});

it("does not take an interrupt for the next execution", async () => {
  const session = await warm();
  const code = "try:\n    while True: pass\nexcept KeyboardInterrupt: pass\nprint('done')";
  for (let i = 0; i < 3; i++) {
    expect((await run(session, code, { timeoutMs: 100 })).end).toEqual({ kind: "timed_out", lost: false });
    expect((await run(session, "for i in range(10**6): pass")).end).toEqual({ kind: "finished" });
  }
  const left = await run(session, "print(1)", { signal: AbortSignal.abort() });
  expect(left).toMatchObject({ end: { kind: "interrupted", lost: false }, text: "" });
});

it.each([
  ["lines", "for i in range(10**6): print('x' * 99)"],
  ["one print", "print('x' * (10**8 - 1))"],
  [
    "both streams",
    "import sys\nfor i in range(10**4): print('x' * 4999); print('x' * 4999, file=sys.stderr)",
  ],
])("keeps beginning and end of 100 MB of prints, and says how much is missing: %s", async (_, code) => {
  const session = await warmAndLarge();
  const ran = await run(session, `${code}\nprint('END')`, { logCharacters: 10_000 });
  expect(ran.end).toEqual({ kind: "finished" });
  expect(ran.text.length).toBeGreaterThan(9_000);
  expect(ran.text.length).toBeLessThanOrEqual(10_000);
  expect(ran.text.length + ran.cut).toBe(100_000_004);
  expect(ran.text.startsWith("x".repeat(99))).toBe(true);
  expect(ran.text.endsWith("x\nEND\n")).toBe(true);
});

it("keeps surrogate pairs whole where it cuts", async () => {
  const session = await warm();
  for (const logCharacters of [100, 101, 102, 103]) {
    const ran = await run(session, "print('🐍' * 1000)", { logCharacters });
    expect(ran.text.isWellFormed()).toBe(true);
    expect(ran.text.length + ran.cut).toBe(2001);
    expect(ran.text.length).toBeLessThanOrEqual(logCharacters);
  }
});

it("takes bytes that are no text", async () => {
  const session = await warm();
  const code =
    "import os, sys\nfor i in range(100): os.write(1, os.urandom(1000))\nsys.stdout.buffer.write(bytes(range(256)))\nprint('\\udcff')";
  const ran = await run(session, code, { logCharacters: 10 ** 6 });
  expect(ran.end).toEqual({ kind: "finished" });
  expect(ran.text.isWellFormed()).toBe(true);
  expect(ran.text).toContain("\\udcff");
  expect((await run(session, "print('\ud800')")).end.kind).toBe("finished");
});

it("survives code that closes its streams and removes its devices", async () => {
  const session = await open();
  const closing =
    "import os, sys\nsys.stdout.close()\nos.closerange(0, 100)\nos.remove('/dev/show')\nos.chdir('/')\nos.rmdir('/mnt/data')";
  expect((await run(session, closing)).end.kind).toMatch(/finished|raised/);
  expect(await session.files(10, never)).toEqual([]);
  expect((await run(session, "1 + 1")).end.kind).toMatch(/finished|raised/);
});

it("lists and reads in spite of what code did to its files", async () => {
  const session = await open();
  const code = [
    "import os",
    "os.mkdir('shut')",
    "open('shut/in', 'w').write('x')",
    "open('shut-file', 'w').write('x')",
    "os.chmod('shut', 0)",
    "os.chmod('shut-file', 0)",
    "os.symlink('.', 'round')",
    "os.symlink('/dev/zero', 'endless')",
    "at = '.'",
    "for i in range(100):",
    "    at += '/d'",
    "    os.mkdir(at)",
    "open('line\\nbreak ☃', 'w').write('ok')",
  ].join("\n");
  expect((await run(session, code)).end).toEqual({ kind: "finished" });
  const listed = await session.files(100, never);
  expect(listed.map(({ path }) => path)).toEqual(["line\nbreak ☃", "shut-file", "shut/in"]);
  expect(Buffer.from(await session.read("line\nbreak ☃", 10, never)).toString()).toBe("ok");
  expect(Buffer.from(await session.read("shut/in", 10, never)).toString()).toBe("x");
  for (const path of ["endless", "round/line\nbreak ☃", "x".repeat(5000)])
    await expect(session.read(path, 10, never), path.slice(0, 20)).rejects.toMatchObject({
      reason: "not_found",
    });
  expect((await run(session, "print('alive')")).text).toBe("alive\n");
});

it("runs sessions at once, each its own, and ends all of them when it is closed", async () => {
  const runtime = runtimeWith({ maxSessions: 6 });
  const sessions = await Promise.all(Array.from({ length: 6 }, () => runtime.open(never)));
  const pids = new Set(sessions.map(({ pid }) => pid));
  expect(pids.size).toBe(6);
  const ran = await Promise.all(sessions.map((one, i) => run(one, `n = ${i}\nsum(range(10**6)) * n`)));
  expect(ran.map((one) => one.of("result"))).toEqual(sessions.map((_, i) => `${499999500000 * i}`));
  await runtime.close();
  for (const pid of pids) await gone(pid ?? 0);
  await expect(runtime.open(never)).rejects.toMatchObject({ reason: "unavailable" });
});
