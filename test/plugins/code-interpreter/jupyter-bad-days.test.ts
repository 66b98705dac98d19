import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type JupyterOptions, jupyter } from "../../../plugins/code-interpreter/jupyter/index.ts";
import type { CodeRuntime, Session } from "../../../plugins/code-interpreter/runtime.ts";
import { run } from "../../contract/code-runtime.ts";
import { type JupyterServer, needsJupyter, startJupyter } from "../../helpers/jupyter.ts";
import { recordingLog } from "../../helpers/recording-log.ts";

const { skip, title } = needsJupyter("Jupyter on a bad day");
const never = new AbortController().signal;
const opened: CodeRuntime[] = [];
afterAll(() => Promise.all(opened.map((runtime) => runtime.close())));

const runtimeOf = ({ url, token }: Pick<JupyterServer, "url" | "token">, options: JupyterOptions = {}) => {
  const recorded = recordingLog();
  const runtime = jupyter({ url, token, ...options }).create({ log: recorded.log });
  opened.push(runtime);
  return Object.assign(runtime, { lines: recorded.lines });
};

const ended = (session: Session) => new Promise<string>((resolve) => session.onEnd(resolve));

/** When the code of a session has printed something. */
function running(session: Session, code: string, timeoutMs = 20_000) {
  const printed = Promise.withResolvers<void>();
  const sink = { text: () => printed.resolve(), cut() {}, image() {} };
  const end = session.execute(code, sink, { timeoutMs, signal: never, logCharacters: 1000 });
  return { end, printed: printed.promise };
}

describe.skipIf(skip)(title, () => {
  let server: JupyterServer;
  let runtime: ReturnType<typeof runtimeOf>;
  beforeAll(async () => {
    server = await startJupyter();
    runtime = runtimeOf(server);
  });

  describe("figures", () => {
    it("are PNG images, shown or bare", async () => {
      const session = await runtime.open(never);
      const code = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])";
      const shown = await run(session, `${code}\nplt.show()`);
      const bare = await run(session, `${code};`);
      for (const { end, images, of } of [shown, bare]) {
        expect(end).toEqual({ kind: "finished" });
        expect(images.map(({ mediaType }) => mediaType)).toEqual(["image/png"]);
        const bytes = Buffer.from(images[0]?.base64 ?? "", "base64");
        expect(bytes.subarray(1, 4).toString()).toBe("PNG");
        expect(of("traceback")).toBe("");
      }
      await session.close();
    });
  });

  describe("a process that ends", () => {
    it("is told with its reason; the session goes on without variables, with its files", async () => {
      const session = await runtime.open(never);
      await run(session, "kept = 1\nopen('kept.txt', 'w').write('kept')");
      const { end } = await run(session, "import os\nos._exit(1)");
      expect(end).toEqual({
        kind: "died",
        reason: expect.stringMatching(/ended itself or was killed/),
      });
      expect(session.alive).toBe(true);
      expect((await run(session, "print('kept' in globals(), open('kept.txt').read())")).text).toBe(
        "False kept\n",
      );
      expect((await session.files(10, never)).map(({ path }) => path)).toEqual(["kept.txt"]);
      await session.close();
    });

    it.each([
      ["exit()", "a = 5\nprint('one')\nexit()"],
      ["the shell's own", "a = 5\nprint('one')\nget_ipython().ask_exit()"],
    ])("at its own wish is replaced before the next code comes: %s", async (_, code) => {
      const session = await runtime.open(never);
      await run(session, "open('kept.txt', 'w').write('kept')");
      const ran = await run(session, code);
      expect([ran.end, ran.text]).toEqual([{ kind: "exited" }, "one\n"]);
      const next = await run(
        session,
        "import time\ntime.sleep(1)\nprint('a' in globals(), open('kept.txt').read())",
      );
      expect([next.end, next.text]).toEqual([{ kind: "finished" }, "False kept\n"]);
      await session.close();
    });

    it.each([
      ["sys.exit()", "a = 5\nimport sys\nsys.exit()", "raised"],
      ["exit() that keeps it", "a = 5\nexit(keep_kernel=True)", "finished"],
    ])("is not replaced when it does not end: %s", async (_, code, kind) => {
      const session = await runtime.open(never);
      expect((await run(session, code)).end).toEqual({ kind });
      expect((await run(session, "print(a)")).text).toBe("5\n");
      await session.close();
    });

    it("to begin anew by itself is told with its reason", async () => {
      const session = await runtime.open(never);
      const { end } = await run(
        session,
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(9)",
      );
      expect(end.kind).toBe("died");
      expect((await run(session, "print('again')")).text).toBe("again\n");
      await session.close();
    });

    it("killed from outside while it works, is told the same way", async () => {
      const session = await runtime.open(never);
      const pid = Number((await run(session, "import os; print(os.getpid())")).text);
      const { end, printed } = running(session, "print('on', flush=True)\nwhile True: pass");
      await printed;
      process.kill(pid, "SIGKILL");
      expect((await end).kind).toBe("died");
      expect((await run(session, "print('again')")).text).toBe("again\n");
      await session.close();
    });

    it("between two executions ends the session", async () => {
      const session = await runtime.open(never);
      const pid = Number((await run(session, "import os; print(os.getpid())")).text);
      const reason = ended(session);
      process.kill(pid, "SIGKILL");
      expect(await reason).toBe("The kernel ended.");
      expect(session.alive).toBe(false);
      expect((await run(session, "1")).end).toEqual({ kind: "died", reason: "The kernel ended." });
    });
  });

  describe("code that does not obey", () => {
    it("loses its variables and keeps its files", async () => {
      const hasty = runtimeOf(server, { interruptGraceMs: 200 });
      const session = await hasty.open(never);
      const stubborn =
        "open('f', 'w').close()\nwhile True:\n  try:\n    n = 0\n    while True: n += 1\n  except BaseException: pass";
      expect((await run(session, stubborn, { timeoutMs: 300 })).end).toEqual({
        kind: "timed_out",
        lost: true,
      });
      expect(session.alive).toBe(true);
      expect((await session.files(10, never)).map(({ path }) => path)).toEqual(["f"]);
      expect((await run(session, "print('n' in globals())")).text).toBe("False\n");
      await session.close();
    });
  });

  describe("floods", () => {
    const MEGABYTES_100 = "for i in range(1000): print('x' * 99_999)";

    it("of 100 MB pass, with the shipped config", async () => {
      const session = await runtime.open(never);
      let characters = 0;
      const sink = {
        text: (_: string, text: string) => {
          characters += text.length;
        },
        cut() {},
        image() {},
      };
      const end = await session.execute(MEGABYTES_100, sink, {
        timeoutMs: 20_000,
        signal: never,
        logCharacters: 1,
      });
      expect(end).toEqual({ kind: "finished" });
      expect(characters).toBe(100_000_000);
      await session.close();
    });

    it("beyond the bound are stopped, and the session goes on", async () => {
      const bounded = runtimeOf(server, { floodBytes: 1_000_000, interruptGraceMs: 30_000 });
      const session = await bounded.open(never);
      await run(session, "kept = 'kept'");
      const ran = await run(
        session,
        "import time\nwhile True:\n  print('x' * 99_999, flush=True)\n  time.sleep(0.01)",
      );
      expect(ran.end).toEqual({ kind: "raised" });
      expect(ran.of("traceback")).toContain("The code printed more than 1000000 bytes and was stopped.");
      expect((await run(session, "print(kept)")).text).toBe("kept\n");
      await session.close();
    });

    it("at full speed end in one way or the other", { timeout: 60_000 }, async () => {
      const bounded = runtimeOf(server, { floodBytes: 1_000_000 });
      const session = await bounded.open(never);
      const ran = await run(session, "while True: print('x' * 999)");
      expect(ran.end.kind).toMatch(/raised|died/);
      const next = session.alive ? session : await bounded.open(never);
      expect((await run(next, "print('on')")).text).toBe("on\n");
      await bounded.close();
    });

    it("in one output that is larger than a message may be end the session, and another opens", async () => {
      const session = await runtime.open(never);
      const { end } = await run(session, "print('x' * 140_000_000)");
      expect(end).toEqual({ kind: "died", reason: expect.stringContaining("more than 128 MiB") });
      expect(session.alive).toBe(false);
      await session.close();
      const next = await runtime.open(never);
      expect((await run(next, "print('on')")).text).toBe("on\n");
      await next.close();
    });

    it("of which a server with its own limits drops some are said to have a gap, and the operator is told once", async () => {
      const plain = runtimeOf(await startJupyter({ plain: true }));
      const session = await plain.open(never);
      const ran = await run(session, MEGABYTES_100);
      expect(ran.end).toEqual({ kind: "finished" });
      expect(ran.text.length).toBeLessThan(100_000_000);
      expect(ran.of("stderr")).toContain("[The Jupyter server dropped output here");
      expect(ran.text).not.toContain("iopub");
      expect(plain.lines.map(({ message }) => message)).toEqual([
        expect.stringContaining("iopub_data_rate_limit"),
      ]);
      await session.close();
    });

    it("of binary data do no harm", async () => {
      const session = await runtime.open(never);
      const code =
        "import os, sys\nos.write(1, bytes(range(256)))\nsys.stdout.buffer.write(bytes(range(256)))";
      expect((await run(session, code)).end.kind).toMatch(/finished|raised/);
      expect((await run(session, "print(7)")).text).toContain("7\n");
      await session.close();
    });
  });

  describe("bombs", () => {
    it("of memory raise MemoryError at the limit, which holds after a restart too", async () => {
      const bounded = runtimeOf(server, { memoryMiB: 1_024 });
      const session = await bounded.open(never);
      const bomb =
        "import resource\nprint(resource.getrlimit(resource.RLIMIT_AS)[1] >> 20)\nx = []\nwhile True: x.append(bytearray(1 << 26))";
      for (const last of ["raise SystemExit", "import os\nos._exit(1)"]) {
        const ran = await run(session, bomb);
        expect(ran.end).toEqual({ kind: "raised" });
        expect(ran.of("stdout")).toBe("1024\n");
        expect(ran.of("traceback")).toContain("MemoryError");
        await run(session, last);
      }
      await session.close();
    });

    it("are said not to be held by a limit that nobody has set", async () => {
      expect(await runtime.examine(never)).toMatchObject({ memoryMiB: "no limit", processes: "no limit" });
    });

    it("of processes are bounded, and end with the session", { timeout: 60_000 }, async () => {
      const own = await startJupyter({ unprivileged: true });
      const before = own.tasksOfUser();
      const bounded = runtimeOf(own, { processes: before + 60 });
      const session = await bounded.open(never);
      const ran = await run(session, "import os\nwhile True:\n  os.fork()", { timeoutMs: 1_000 });
      expect(ran.end.kind).toMatch(/raised|timed_out|died/);
      expect(own.tasksOfUser()).toBeLessThanOrEqual(before + 60);
      await session.close();
      expect(own.processes()).toEqual([]);
      await expect.poll(() => own.tasksOfUser()).toBeLessThanOrEqual(before + 10);
    });
  });

  it("executes 20 times at once in 5 sessions", async () => {
    const sessions = await Promise.all(Array.from({ length: 5 }, () => runtime.open(never)));
    const texts = await Promise.all(
      sessions.map(async (session, i) => {
        const parts: string[] = [];
        for (let round = 0; round < 4; round++)
          parts.push((await run(session, `print(${i}, ${round})`)).text);
        return parts.join("");
      }),
    );
    expect(texts).toEqual(sessions.map((_, i) => [0, 1, 2, 3].map((round) => `${i} ${round}\n`).join("")));
    await Promise.all(sessions.map((session) => session.close()));
  });

  it("does not let what a thread prints late into the next execution, and lists files meanwhile", async () => {
    const session = await runtime.open(never);
    const code = [
      "import threading, time",
      "def late():",
      "    while not go.wait(0.01): print('late', flush=True)",
      "go = threading.Event()",
      "threading.Thread(target=late, daemon=True).start()",
    ].join("\n");
    await run(session, code);
    expect(await session.files(10, never)).toEqual([]);
    await run(session, "go.set()");
    expect((await run(session, "print('mine')")).text).toBe("mine\n");
    await session.close();
  });

  it("leaves neither kernel nor working directory behind when it is closed", async () => {
    const own = await startJupyter();
    const closing = runtimeOf(own);
    const stranger = runtimeOf(own);
    const other = await stranger.open(never);
    const sessions = await Promise.all([closing.open(never), closing.open(never)]);
    for (const session of sessions)
      await run(session, "import subprocess\nopen('f', 'w').close()\np = subprocess.Popen(['sleep', '600'])");
    expect(own.processes()).toHaveLength(5);
    await closing.close();
    expect(own.kernels()).toHaveLength(1);
    expect(own.processes()).toHaveLength(1);
    expect(readdirSync(own.folder).filter((name) => name.startsWith("vr-"))).toHaveLength(1);
    expect((await run(other, "print(1)")).text).toBe("1\n");
    await other.close();
    expect(readdirSync(own.folder).filter((name) => name.startsWith("vr-"))).toEqual([]);
  });

  it("deletes a kernel that nobody waits for any more", async () => {
    const own = await startJupyter();
    const leaving = new AbortController();
    const patient = runtimeOf(own);
    const opening = patient.open(leaving.signal);
    leaving.abort(new Error("left"));
    await expect(opening).rejects.toThrow("left");
    await patient.close();
    expect(own.kernels()).toEqual([]);
  });

  it("does not show the server's token in the environment of code", async () => {
    const session = await runtime.open(never);
    const ran = await run(session, "import os\nprint(dict(os.environ))");
    expect(ran.text).toContain("TMPDIR");
    expect(ran.text).not.toContain(server.token);
    await session.close();
  });
});
