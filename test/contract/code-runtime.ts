import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  ExecutionEnd,
  OutputSink,
  RuntimeWork,
  Session,
} from "../../plugins/code-interpreter/runtime.ts";

/** What one execution gave. */
export interface Ran {
  end: ExecutionEnd;
  /** All text in order, whatever its stream. */
  text: string;
  /** Text by stream. */
  of(stream: "stdout" | "stderr" | "result" | "traceback"): string;
  images: { mediaType: string; base64: string }[];
  cut: number;
}

/** Executes code in a session with limits that suit a test. */
export async function run(
  session: Session,
  code: string,
  options: { timeoutMs?: number; signal?: AbortSignal; logCharacters?: number } = {},
): Promise<Ran> {
  const pieces: { stream: string; text: string }[] = [];
  const images: Ran["images"] = [];
  let cut = 0;
  const sink: OutputSink = {
    text: (stream, text) => pieces.push({ stream, text }),
    cut: (count) => {
      cut += count;
    },
    image: (mediaType, base64) => images.push({ mediaType, base64 }),
  };
  const end = await session.execute(code, sink, {
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    logCharacters: 64 * 1024,
    ...options,
  });
  const join = (some: typeof pieces) => some.map(({ text }) => text).join("");
  return {
    end,
    text: join(pieces),
    of: (stream) => join(pieces.filter((piece) => piece.stream === stream)),
    images,
    cut,
  };
}

/** What every runtime of `code_interpreter` does. `create` gives one that works. */
export function describeCodeRuntime(name: string, create: () => Promise<RuntimeWork> | RuntimeWork): void {
  describe(`${name}, as any code runtime`, () => {
    let runtime: RuntimeWork;
    let session: Session;
    const never = new AbortController().signal;
    const open = () => runtime.open(never);
    beforeAll(async () => {
      runtime = await create();
      session = await open();
    });
    afterAll(() => runtime?.close());

    it("gives what code prints, to both streams, in order", async () => {
      const ran = await run(session, 'import sys\nprint("one")\nprint("two", file=sys.stderr, flush=True)');
      expect(ran.end).toEqual({ kind: "finished" });
      expect(ran.of("stdout")).toBe("one\n");
      expect(ran.of("stderr")).toBe("two\n");
    });

    it("gives the value of the last expression, and nothing for None", async () => {
      expect((await run(session, "x = 6\nx * 7")).of("result")).toBe("42");
      expect((await run(session, "None")).text).toBe("");
      expect((await run(session, "x * 7;")).end).toEqual({ kind: "finished" });
    });

    it("keeps variables, functions and imports from one execution to the next", async () => {
      await run(session, "import math\ndef double(n):\n    return 2 * n\nkept = double(21)");
      expect((await run(session, "print(kept, double(4), math.floor(2.5))")).text).toBe("42 8 2\n");
    });

    it("gives a traceback that names the line, without colours", async () => {
      const ran = await run(session, "a = 1\nb = 0\nprint('before')\na / b");
      expect(ran.end).toEqual({ kind: "raised" });
      expect(ran.of("traceback")).toMatch(/ZeroDivisionError: division by zero/);
      expect(ran.of("traceback")).toMatch(/a \/ b/);
      expect(ran.of("traceback")).toMatch(/line 4/i);
      expect(ran.text).not.toContain("\u001b");
      expect(ran.text.indexOf("before")).toBeLessThan(ran.text.indexOf("ZeroDivisionError"));
    });

    it("gives a syntax error as one", async () => {
      const ran = await run(session, "for in x:\n  pass");
      expect(ran.end).toEqual({ kind: "raised" });
      expect(ran.of("traceback")).toMatch(/SyntaxError/);
    });

    it("takes sys.exit as an exception, not as its end", async () => {
      await run(session, "stays = 'here'");
      const ran = await run(session, "import sys\nsys.exit(3)");
      expect(ran.end.kind).toMatch(/raised|finished/);
      expect((await run(session, "print(stays)")).text).toBe("here\n");
    });

    it("runs top-level await", async () => {
      const ran = await run(session, "import asyncio\nawait asyncio.sleep(0.01)\nprint('slept')");
      expect(ran.text).toBe("slept\n");
    });

    it("has no standard input", async () => {
      const ran = await run(session, "input('name? ')");
      expect(ran.end).toEqual({ kind: "raised" });
    });

    it("keeps text of any alphabet whole, and survives bytes that are none", async () => {
      expect((await run(session, "print('naïve ☃ 漢字 🐍' * 1000)")).text).toBe(
        `${"naïve ☃ 漢字 🐍".repeat(1000)}\n`,
      );
      const ran = await run(session, "import sys\nprint('a\\x00\\x07\\udcffz'.encode('utf-8', 'replace'))");
      expect(ran.end).toEqual({ kind: "finished" });
      expect((await run(session, "print(bytes(range(256)))")).text).toContain("\\xff");
    });

    it("gives PNG and SVG of objects that show themselves so", async () => {
      const shown = await run(
        session,
        [
          "import base64",
          "class Dot:",
          "    def _repr_png_(self): return base64.b64decode('iVBORw0KGgo=')",
          "class Circle:",
          "    def _repr_svg_(self): return '<svg xmlns=\"http://www.w3.org/2000/svg\"/>'",
          "display(Dot())",
          "Circle()",
        ].join("\n"),
      );
      expect(shown.end).toEqual({ kind: "finished" });
      expect(shown.images.map(({ mediaType }) => mediaType)).toEqual(["image/png", "image/svg+xml"]);
      expect(shown.images[0]?.base64).toBe("iVBORw0KGgo=");
      expect(Buffer.from(shown.images[1]?.base64 ?? "", "base64").toString()).toContain("<svg");
    });

    it("transports little more of a flood than is kept, and says how much is missing or sends it all", async () => {
      const ran = await run(session, "for i in range(20000): print('x' * 99)", { logCharacters: 10_000 });
      expect(ran.end).toEqual({ kind: "finished" });
      expect(ran.text.startsWith("x".repeat(99))).toBe(true);
      expect(ran.text.length + ran.cut).toBe(20_000 * 100);
      if (ran.cut > 0) expect(ran.text.length).toBeLessThanOrEqual(10_000);
    });

    it("interrupts an endless loop at the time limit, and goes on with its variables", async () => {
      await run(session, "before = 'kept'");
      const ran = await run(session, "print('in', flush=True)\nwhile True: pass", { timeoutMs: 500 });
      expect(ran.end).toEqual({ kind: "timed_out", lost: false });
      expect(ran.text).toContain("in\n");
      expect((await run(session, "print(before)")).text).toBe("kept\n");
    });

    it("interrupts sleep at the time limit", async () => {
      const ran = await run(session, "import time\ntime.sleep(60)", { timeoutMs: 300 });
      expect(ran.end.kind).toBe("timed_out");
    });

    it("kills code that does not obey, and says that variables are lost", async () => {
      const stubborn = await open();
      // An interrupt of the inner loop alone lands before it: in CPython 3.11 that is outside of a bare `try`.
      const code =
        "while True:\n    try:\n        n = 0\n        while True: n += 1\n    except BaseException: pass";
      const ran = await run(stubborn, code, { timeoutMs: 300 });
      expect(ran.end).toEqual({ kind: "timed_out", lost: true });
      await stubborn.close();
    });

    it("interrupts when its client leaves", async () => {
      const leaving = new AbortController();
      const other = await open();
      const sink: OutputSink = { text: () => leaving.abort(new Error("left")), cut() {}, image() {} };
      const limits = { timeoutMs: 20_000, signal: leaving.signal, logCharacters: 1_000 };
      const end = await other.execute("print('on', flush=True)\nwhile True: pass", sink, limits);
      expect(end.kind).toBe("interrupted");
      await other.close();
    });

    it("tells of a process that ends itself", async () => {
      const other = await open();
      const ended = new Promise<string>((resolve) => other.onEnd(resolve));
      const ran = await run(other, "print('last', flush=True)\nimport os\nos._exit(1)");
      expect(ran.end.kind).toBe("died");
      if (!other.alive) expect(await ended).toEqual(expect.any(String));
      await other.close();
    });

    it("keeps sessions apart: variables and files", async () => {
      const other = await open();
      await run(session, "secret = 'mine'\nopen('mine.txt', 'w').write('mine')");
      const ran = await run(other, "import os\nprint('secret' in globals(), os.path.exists('mine.txt'))");
      expect(ran.text).toBe("False False\n");
      await other.close();
    });

    it("lists and reads the files of the working directory", async () => {
      const other = await open();
      const code = [
        "import os",
        "os.makedirs('data/deep')",
        "open('a.txt', 'w').write('hello')",
        "open('data/deep/b.bin', 'wb').write(bytes(range(256)))",
        "os.symlink('/etc/passwd', 'link') if hasattr(os, 'symlink') else None",
      ].join("\n");
      expect((await run(other, code)).end).toEqual({ kind: "finished" });
      const files = await other.files(100, never);
      expect(files.map(({ path, bytes }) => ({ path, bytes }))).toEqual([
        { path: "a.txt", bytes: 5 },
        { path: "data/deep/b.bin", bytes: 256 },
      ]);
      expect(Math.abs((files[0]?.modifiedAt ?? 0) - Date.now() / 1000)).toBeLessThan(60);
      expect(await other.files(1, never)).toHaveLength(1);
      expect([...(await other.read("data/deep/b.bin", 1000, never))]).toEqual(
        Array.from({ length: 256 }, (_, i) => i),
      );
      await expect(other.read("data/deep/b.bin", 255, never)).rejects.toMatchObject({ reason: "too_large" });
      for (const path of ["none.txt", "../a.txt", "/etc/passwd", "link", "data", "a\u0000b", "data/../a.txt"])
        await expect(other.read(path, 1000, never), path).rejects.toMatchObject({ reason: "not_found" });
      await other.close();
    });

    it("does not let code change what listing and reading do", async () => {
      const other = await open();
      await run(
        other,
        "import os, json, builtins\nos.walk = os.listdir = os.scandir = None\njson.dumps = None",
      );
      await run(other, "builtins.open = None\nprint = None\nstr = int = len = None");
      expect(await other.files(10, never)).toEqual([]);
      await other.close();
    });

    it("is checked and examined while it works", async () => {
      expect(await runtime.check(never)).toEqual(expect.any(Object));
      expect(await runtime.examine(never)).toEqual(expect.any(Object));
    });

    it("runs several sessions at once", async () => {
      const sessions = await Promise.all([open(), open(), open()]);
      const ran = await Promise.all(
        sessions.map((one, i) => run(one, `import time\ntime.sleep(0.2)\nprint(${i})`)),
      );
      expect(ran.map(({ text }) => text)).toEqual(["0\n", "1\n", "2\n"]);
      await Promise.all(sessions.map((one) => one.close()));
    });
  });
}
