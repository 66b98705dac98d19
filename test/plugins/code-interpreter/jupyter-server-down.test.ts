import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { type JupyterOptions, jupyter } from "../../../plugins/code-interpreter/jupyter/index.ts";
import type { CodeRuntime } from "../../../plugins/code-interpreter/runtime.ts";
import { run } from "../../contract/code-runtime.ts";
import { needsJupyter, startJupyter } from "../../helpers/jupyter.ts";
import { recordingLog } from "../../helpers/recording-log.ts";

const { skip, title } = needsJupyter("a Jupyter server that is down");
const never = new AbortController().signal;
const opened: CodeRuntime[] = [];
const servers: Server[] = [];
afterAll(async () => {
  await Promise.all(opened.map((runtime) => runtime.close()));
  for (const server of servers) server.close();
});

function runtimeAt(url: string, options: JupyterOptions = {}) {
  const recorded = recordingLog();
  const runtime = jupyter({ url, ...options }).create({ log: recorded.log });
  opened.push(runtime);
  return Object.assign(runtime, { lines: recorded.lines });
}

/** What answers everything with one status and body. */
async function answering(status: number, body: string): Promise<string> {
  const server = createServer((_, answer) => answer.writeHead(status, { connection: "close" }).end(body));
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.skipIf(skip)(title, () => {
  it("at the start is said to be so; once it is there, the next session opens", async () => {
    const server = await startJupyter();
    await server.stop();
    const runtime = runtimeAt(server.url, { token: server.token });
    const away = {
      name: "RuntimeError",
      reason: "unavailable",
      message: /cannot be reached \(ECONNREFUSED\)/,
    };
    await expect(runtime.check(never)).rejects.toMatchObject({
      ...away,
      message: expect.stringMatching(away.message),
    });
    await expect(runtime.open(never)).rejects.toThrow(away.message);
    await server.start();
    expect(await runtime.check(never)).toEqual({ kernel: "python3", language: "python" });
    const session = await runtime.open(never);
    expect((await run(session, "print(6 * 7)")).text).toBe("42\n");
  });

  it("in the middle ends what runs, and later sessions work again", async () => {
    const server = await startJupyter();
    const runtime = runtimeAt(server.url, { token: server.token });
    const [busy, idle] = await Promise.all([runtime.open(never), runtime.open(never)]);
    const reason = new Promise<string>((resolve) => idle.onEnd(resolve));
    const printed = Promise.withResolvers<void>();
    const sink = { text: () => printed.resolve(), cut() {}, image() {} };
    const limits = { timeoutMs: 20_000, signal: never, logCharacters: 100 };
    const end = busy.execute("print('on', flush=True)\nwhile True: pass", sink, limits);
    await printed.promise;
    await server.stop();
    expect(await end).toEqual({
      kind: "died",
      reason: expect.stringMatching(/connection to the Jupyter server broke/),
    });
    expect(await reason).toMatch(/connection to the Jupyter server broke/);
    expect([busy.alive, idle.alive]).toEqual([false, false]);
    await expect(runtime.open(never)).rejects.toThrow(/cannot be reached/);
    await server.start();
    const session = await runtime.open(never);
    expect((await run(session, "print('back')")).text).toBe("back\n");
  });

  it("that has stopped to answer does not hold up an execution", async () => {
    const server = await startJupyter();
    const runtime = runtimeAt(server.url, {
      token: server.token,
      requestTimeoutMs: 1_000,
      restartTimeoutMs: 1_000,
    });
    const session = await runtime.open(never);
    server.freeze();
    expect((await run(session, "1", { timeoutMs: 200 })).end).toEqual({ kind: "timed_out", lost: true });
    expect(session.alive).toBe(false);
    await expect(runtime.check(never)).rejects.toThrow("The Jupyter server did not answer in time.");
    server.thaw();
    const next = await runtime.open(never);
    expect((await run(next, "print(1)")).text).toBe("1\n");
    await runtime.close();
    // What it was asked while it did not answer it does now.
    await expect.poll(() => server.kernels(), { timeout: 20_000 }).toEqual([]);
  });

  it("for a wrong token says so, and shows none", async () => {
    const server = await startJupyter();
    const wrong = runtimeAt(`${server.url}/?token=wr0ng-token`);
    const missing = runtimeAt(server.url);
    for (const ask of [wrong.check(never), wrong.open(never)])
      await expect(ask).rejects.toThrow("The Jupyter server refused the token (403).");
    await expect(missing.check(never)).rejects.toThrow("refused to work without a token (403)");
    expect(wrong.description).toBe(`Jupyter at ${server.url}, its default kernel`);
    expect(JSON.stringify([wrong.lines, wrong])).not.toContain("wr0ng");
  });

  it("takes the URL that Jupyter prints", async () => {
    const server = await startJupyter();
    const runtime = runtimeAt(`${server.url}/lab?token=${server.token}`);
    expect(await runtime.check(never)).toMatchObject({ kernel: "python3" });
  });

  it("without the kernel that is asked for names it", async () => {
    const server = await startJupyter();
    const runtime = runtimeAt(server.url, { token: server.token, kernel: "fortran" });
    await expect(runtime.check(never)).rejects.toThrow('The Jupyter server has no kernel "fortran".');
    await expect(runtime.open(never)).rejects.toMatchObject({ reason: "unavailable" });
  });

  it("whose kernel does not become ready starts a second one, and deletes the first", async () => {
    // As when another connection gets a port between Jupyter's choice and the kernel's start. Only for the first kernel.
    const takePort = [
      "import json, os, socket, sys, time",
      "taken = socket.socket()",
      'taken.bind(("127.0.0.1", json.load(open(sys.argv[1]))["shell_port"]))',
      "if os.fork(): sys.exit()",
      "time.sleep(60)",
    ].join("\n");
    const script = `mkdir "$TMPDIR/first" 2>/dev/null && /usr/bin/python3 -c '${takePort}' "$0"; exec /usr/bin/python3 -m ipykernel_launcher -f "$0"`;
    const server = await startJupyter({ kernels: { unlucky: ["sh", "-c", script, "{connection_file}"] } });
    const runtime = runtimeAt(server.url, { token: server.token, kernel: "unlucky", startTimeoutMs: 15_000 });
    const session = await runtime.open(never);
    expect((await run(session, "print(1)")).text).toBe("1\n");
    await session.close();
    await runtime.close();
    await expect.poll(() => server.kernels(), { timeout: 20_000 }).toEqual([]);
  });

  it("whose kernel never becomes ready, or ends at once, is given up and leaves nothing", async () => {
    const server = await startJupyter({ kernels: { silent: ["sleep", "1000"], ending: ["false"] } });
    for (const kernel of ["silent", "ending"]) {
      const runtime = runtimeAt(server.url, { token: server.token, kernel, startTimeoutMs: 1_500 });
      await expect(runtime.open(never)).rejects.toThrow(/Jupyter (kernel|server)/);
      await runtime.close();
    }
    expect(server.kernels()).toEqual([]);
  });

  it.each([
    [
      "another path",
      404,
      "Not here",
      /is the path of its URL right\? \(404\)|does not know what it was asked for/,
    ],
    ["a page", 200, "<html>", /no Jupyter server/],
    ["other JSON", 200, '{"object":"list"}', /no Jupyter server/],
    ["a redirect", 302, "", /is the path of its URL right/],
    ["a broken server", 500, "{}", /failed \(500\)/],
  ])("that is %s is told apart", async (_, status, body, message) => {
    const runtime = runtimeAt(await answering(status, body), { token: "s3cret" });
    await expect(runtime.check(never)).rejects.toThrow(message);
    await expect(runtime.open(never)).rejects.toThrow(message);
  });
});
