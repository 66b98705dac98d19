import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PyodideSession } from "../../../plugins/code-interpreter/pyodide/session.ts";
import { run } from "../../contract/code-runtime.ts";
import { never, runtimeWith } from "./pyodide-runtimes.ts";

/** What no code may ever see. */
const CANARY = "canary-4f1d9c";

/** Undoes what Python was taken: imports anything that Pyodide brings, and gets a proxy of a JavaScript object. */
const FORCED = [
  "import sys",
  "sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ not in ('Hidden', 'Absent')]",
  "import _pyodide_core",
  "proxy = _pyodide_core.create_proxy(print)",
  "Function = proxy.constructor.constructor",
].join("\n");

let connections = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.destroy();
});
beforeAll(async () => {
  process.env.VR_CANARY = CANARY;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  delete process.env.VR_CANARY;
  server.close();
});
const port = () => (server.address() as AddressInfo).port;

// The same on a host without namespaces: there what is taken off JavaScript is the last layer before the network.
describe.each(["this", "bare"] as const)("code on a host like %s", (host) => {
  const runtime = runtimeWith({}, host);
  let shared: PyodideSession | undefined;
  /** In a session that still lives: some attempts end theirs. */
  const attempt = async (code: string) => {
    if (!shared?.alive) shared = await runtime.open(never);
    return await run(shared, code);
  };
  /** In a session that nobody has tampered with, nor will use after it. */
  const attemptAlone = async (code: string) => {
    const session = await runtime.open(never);
    try {
      const ran = await run(session, code);
      // What it has left behind for later, a promise for instance, comes to pass before the next one.
      await run(session, "1");
      return ran;
    } finally {
      await session.close();
    }
  };

  it("sees no file but its own", async () => {
    for (const path of [
      "/etc/passwd",
      "/proc/1/environ",
      "/proc/self/maps",
      "/root",
      process.execPath,
      import.meta.filename,
    ])
      expect((await attempt(`open(${JSON.stringify(path)}).read()`)).of("traceback"), path).toMatch(
        /FileNotFoundError|IsADirectoryError/,
      );
    const { text } = await attempt("import os\n[f for _, _, files in os.walk('/') for f in files]");
    expect(text).not.toMatch(/passwd|package\.json|\.ts'/);
  });

  it("sees nothing of the gateway's environment or place", async () => {
    const code = [
      "import os, sys, platform, sysconfig",
      "print(dict(os.environ), sys.argv, sys.executable, os.getcwd(), os.getpid(), platform.uname(), sys.path)",
      `for pid in ('self', '1', '${process.pid}'):`,
      "    for name in ('environ', 'cmdline', 'cwd'):",
      "        try: print(open(f'/proc/{pid}/{name}').read())",
      "        except OSError: pass",
    ].join("\n");
    const { text, end } = await attempt(code);
    expect(end).toEqual({ kind: "finished" });
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(process.cwd());
    expect(text).not.toContain("child/main");
  });

  it.each([
    [
      "socket",
      (to: number) => `import socket\nsocket.create_connection(("127.0.0.1", ${to}), timeout=2).send(b"x")`,
    ],
    [
      "a socket that listens",
      (to: number) =>
        `import socket\ns = socket.socket()\ns.bind(("127.0.0.1", ${to + 1}))\ns.listen()\ns.accept()`,
    ],
    [
      "a datagram",
      (to: number) =>
        `import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", ${to}))`,
    ],
    [
      "urllib",
      (to: number) => `import urllib.request\nurllib.request.urlopen("http://127.0.0.1:${to}", timeout=2)`,
    ],
    [
      "http.client",
      (to: number) =>
        `import http.client\nhttp.client.HTTPConnection("127.0.0.1", ${to}, timeout=2).request("GET", "/")`,
    ],
    ["asyncio", (to: number) => `import asyncio\nawait asyncio.open_connection("127.0.0.1", ${to})`],
    ["js.fetch", (to: number) => `from js import fetch\nawait fetch("http://127.0.0.1:${to}")`],
    [
      "pyodide.http",
      (to: number) => `from pyodide.http import pyfetch\nawait pyfetch("http://127.0.0.1:${to}")`,
    ],
    ["open_url", (to: number) => `from pyodide.http import open_url\nopen_url("http://127.0.0.1:${to}")`],
    [
      "forced pyodide.http",
      (to: number) => `${FORCED}\nfrom pyodide.http import pyfetch\nawait pyfetch("http://127.0.0.1:${to}")`,
    ],
    [
      "Emscripten's fetch",
      (to: number) =>
        `import ctypes\nctypes.CDLL(None).emscripten_async_wget(b"http://127.0.0.1:${to}", b"/x", None, None)`,
    ],
  ])("reaches no server by %s", async (_, code) => {
    await attemptAlone(code(port()));
    // One more round trip of the server itself: what had been on its way would have come.
    const before = connections;
    const own = await fetch(`http://127.0.0.1:${port()}`).catch(() => "closed");
    expect(own).toBe("closed");
    expect(connections).toBe(before + 1);
    connections = 0;
    expect(before).toBe(0);
  });

  it.each([
    ["js", "import js"],
    ["pyodide_js", "import pyodide_js"],
    ["run_js", "from pyodide.code import run_js\nrun_js('1')"],
    ["the finder", "from _pyodide._importhook import jsfinder"],
    ["the core", "import _pyodide_core"],
    ["micropip", "import micropip"],
  ])("is told that there is no such module: %s", async (_, code) => {
    expect((await attempt(code)).of("traceback")).toMatch(/ModuleNotFoundError: No module named/);
  });

  it("holds no JavaScript object that it was not given", async () => {
    // Such objects are not tracked themselves: what holds them is.
    const code = [
      "import gc",
      "held = [(type(o).__name__, v) for o in gc.get_objects() for v in gc.get_referents(o)]",
      "[kind for kind, v in held if type(v).__name__ == 'JsProxy' and not isinstance(v, type)]",
    ].join("\n");
    expect((await attempt(code)).of("result")).toBe("[]");
    const finder = "import gc\n[o.jsproxies for o in gc.get_objects() if type(o).__name__ == 'JsFinder']";
    expect((await attempt(finder)).of("result")).toBe("[{}]");
  });

  it("makes no code of strings, even with a JavaScript function in hand", async () => {
    for (const made of [
      "Function('return 5')()",
      "Function.constructor('return 5')()",
      "Function('return process')()",
    ]) {
      const ran = await attemptAlone(`${FORCED}\nprint('got', ${made})`);
      expect(ran.of("traceback"), made).toMatch(/EvalError: Code generation from strings disallowed/);
      expect(ran.of("stdout")).not.toContain("got");
    }
  });

  it.each([
    ["emscripten_run_script", "d.emscripten_run_script(b'globalThis.x = 5')"],
    ["emscripten_run_script_int", "d.emscripten_run_script_int(b'process.pid')"],
    ["system", "d.system(b'true')"],
  ])("gets nowhere by ctypes: %s", async (_, call) => {
    const ran = await attempt(`import ctypes\nd = ctypes.CDLL(None)\nprint('got', ${call})`);
    expect(ran.end.kind).toMatch(/raised|died/);
    expect(ran.of("stdout")).not.toContain("got");
  });

  it("signals no process but its own", async () => {
    for (const pid of [process.pid, process.ppid, 1, 0, -1]) {
      const ran = await attempt(`import os\nos.kill(${pid}, 15)`);
      expect(ran.end.kind, String(pid)).toMatch(/raised|died/);
    }
    expect((await attempt("import os\nos.kill(os.getppid(), 9)")).end.kind).toMatch(/raised|died/);
  });
});

it("gives sessions of one snapshot different random numbers", async () => {
  const runtime = runtimeWith();
  const code =
    "import random, secrets, uuid, tempfile\nprint(random.random(), secrets.token_hex(), uuid.uuid4(), tempfile.mktemp())";
  const sessions = [await runtime.open(never), await runtime.open(never)];
  const [one, other] = await Promise.all(sessions.map((session) => run(session, code)));
  const [mine = [], theirs = []] = [one?.text.split(" "), other?.text.split(" ")];
  expect(mine).toHaveLength(4);
  for (const [i, value] of mine.entries()) expect(value).not.toBe(theirs[i]);
});
