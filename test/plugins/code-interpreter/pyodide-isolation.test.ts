import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PyodideSession } from "../../../plugins/code-interpreter/pyodide/session.ts";
import { run } from "../../contract/code-runtime.ts";
import { never, runtimeWith } from "./pyodide-runtimes.ts";

/** What no code may ever see. */
const CANARY = "canary-4f1d9c";

/** Takes off what hides modules from import statements. */
const UNHIDDEN = [
  "import sys",
  "sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ not in ('Hidden', 'Absent')]",
].join("\n");
/** What leads to JavaScript or to memory, or is made to crash Python. */
const TAKEN = [
  "_pyodide_core",
  "_ctypes",
  "_testcapi",
  "_testinternalcapi",
  "_remote_debugging",
  "_posixsubprocess",
];

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
      (to: number) =>
        `${UNHIDDEN}\nfrom pyodide.http import pyfetch\nawait pyfetch("http://127.0.0.1:${to}")`,
    ],
  ])("reaches no server by %s", async (_, code) => {
    const tried = code(port());
    if (tried.includes(UNHIDDEN)) await attemptAlone(tried);
    else await attempt(tried);
    // What it has left behind for later, a promise for instance, comes to pass before the next one.
    await attempt("1");
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

  it.each(TAKEN)("cannot make a module anew that was taken away: %s", async (name) => {
    const ways = [
      `import ${name}`,
      `${UNHIDDEN}\nimport ${name}`,
      `from importlib.machinery import BuiltinImporter as b\nassert b.find_spec("${name}"), "none"`,
      `from importlib.machinery import BuiltinImporter as b\nb.load_module("${name}")`,
      `import _imp\nfrom importlib.machinery import ModuleSpec\nassert _imp.create_builtin(ModuleSpec("${name}", None)), "none"`,
      `import _imp\nassert _imp.init_frozen("${name}"), "none"`,
      `import sys\nassert "${name}" in sys.builtin_module_names, "none"`,
      `import sys\nsys.modules["${name}"]`,
    ];
    for (const way of ways)
      expect((await attempt(way)).of("traceback"), way).toMatch(
        /ModuleNotFoundError|ImportError|AssertionError: none|KeyError|NotImplementedError/,
      );
  });

  it("finds nothing of the bridge among all objects, nor a class that leads over it", async () => {
    const found = [
      "import gc, types",
      'def known(o): return f\'{getattr(o, "__module__", "")} {getattr(o, "__name__", "")}\'',
      "alive = {id(v): v for o in gc.get_objects() for v in [o, *gc.get_referents(o)]}.values()",
      "[o for o in alive if type(o) is types.BuiltinFunctionType and 'pyodide' in known(o)]",
    ].join("\n");
    expect((await attempt(found)).of("result")).toBe("[]");
    const modules =
      "[o for o in alive if type(o) is types.ModuleType and type(vars(o).get('create_proxy')) is types.BuiltinFunctionType]";
    expect((await attempt(modules)).of("result")).toBe("[]");
    const classes = [
      "def below(kind, seen):",
      "    for one in type.__subclasses__(kind):",
      "        if one not in seen: seen.add(one); below(one, seen)",
      "    return seen",
      "made = [one for one in below(object, set()) if one.__name__ == 'JsException']",
      "for one in made:",
      "    try: print('got', one('Error', 'x').constructor)",
      "    except Exception as error: print(type(error).__name__)",
    ].join("\n");
    const ran = await attemptAlone(classes);
    expect(ran.of("stdout")).not.toContain("got");
    expect(ran.end).toMatchObject({ kind: expect.stringMatching(/raised|finished|died/) });
  });

  it.each([
    ["CDLL", "import ctypes\nctypes.CDLL(None)"],
    ["_ctypes", "import _ctypes\n_ctypes.dlopen(None, 0)"],
    ["ctypes without its finder", `${UNHIDDEN}\nimport ctypes`],
    [
      "a library of its own",
      "import _imp, importlib.machinery as m\nopen('own.so', 'wb').write(b'\\0asm\\1\\0\\0\\0')\n_imp.create_dynamic(m.ModuleSpec('own', None, origin='own.so'))",
    ],
    [
      "an extension of SQLite",
      "import sqlite3\nc = sqlite3.connect(':memory:')\nc.enable_load_extension(True)\nc.load_extension('own')",
    ],
  ])("loads no code of the machine: %s", async (_, code) => {
    const ran = await attempt(code);
    expect(ran.end).toEqual({ kind: "raised" });
    expect(ran.of("traceback")).toMatch(
      /ModuleNotFoundError|ImportError|AttributeError|OperationalError|NotSupported/,
    );
  });

  it.each([
    ["os.system", "import posix\nassert posix.system('true') == 0"],
    ["a timer", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 1)"],
  ])("goes on after what this system has not: %s", async (_, code) => {
    expect((await attempt(code)).end.kind).toMatch(/raised|finished/);
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
