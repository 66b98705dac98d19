import { describe, expect, it } from "vitest";
import { type Gateway, type GatewayOptions, startGateway } from "../helpers/gateway.ts";
import { pipeReader, stoppedTerminal } from "../helpers/log-reader.ts";
import { tempConfig } from "../helpers/temp-folder.ts";

/** More than a pipe holds and more than the gateway keeps, in lines of 10 kB. */
const MANY = 300;
const LINE = `"x".repeat(10_000)`;

/** Answers without a model server; `work` is done for every request. */
const config = (work: string) =>
  tempConfig(`{
    plugins: [
      demo(),
      logger(),
      definePlugin({
        name: "chatty",
        setup: (vr) => vr.hooks.beforeUpstream.tap(() => { ${work} }),
      })(),
    ],
  }`);
const logging = config(`vr.log.info({ text: ${LINE} }, "chatty");`);

const start = (options: GatewayOptions) => startGateway(options);

async function ask({ url }: Gateway): Promise<void> {
  const answer = await fetch(`${url}/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"input": "hello", "store": false}',
  });
  expect(answer.status).toBe(200);
  await answer.json();
}

async function askOften(gateway: Gateway, times: number): Promise<void> {
  for (let i = 0; i < times; i += 10) await Promise.all(Array.from({ length: 10 }, () => ask(gateway)));
}

const healthy = async ({ url }: Gateway) => expect((await fetch(`${url}/health`)).status).toBe(200);

describe("a reader of standard error that stalls", () => {
  it("stops nothing; lines are dropped, and those that got out say how many", async () => {
    const reader = pipeReader();
    const gateway = await start({ config: logging, stderrFd: reader.fd });
    await askOften(gateway, MANY);
    await healthy(gateway);
    // It reads again, for as long as it takes what waited.
    let text = "";
    let asked = MANY;
    while (!text.includes('"dropped"')) {
      text += reader.read();
      await ask(gateway);
      asked++;
    }
    const stopped = gateway.stop();
    for (let over = false; !over; ) {
      over = await Promise.race([
        stopped.then(() => true),
        new Promise<false>((go) => setImmediate(go, false)),
      ]);
      text += reader.read();
    }
    expect(await stopped).toBe(0);
    const lines: { msg: string; dropped?: number }[] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
    expect(dropped).toBeGreaterThan(MANY);
    expect(lines.length + dropped).toBe(2 * asked);
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("does not hold up an end by %s", async (signal) => {
    const gateway = await start({ config: logging, stderrFd: pipeReader().fd });
    await askOften(gateway, 20);
    expect(await gateway.stop(signal)).toBe(0);
  });

  it("may be a terminal that was stopped", async () => {
    const terminal = await stoppedTerminal();
    const gateway = await start({ config: logging, stderrFd: terminal.fd });
    await askOften(gateway, 40);
    await healthy(gateway);
    expect((await terminal.read()).length).toBeGreaterThan(0);
    expect(await gateway.stop()).toBe(0);
  });
});

describe("a reader of standard error that leaves", () => {
  it("just before SIGTERM: the gateway ends all the same", async () => {
    const reader = pipeReader();
    const gateway = await start({ config: logging, stderrFd: reader.fd });
    await ask(gateway);
    reader.leave();
    expect(await gateway.stop()).toBe(0);
  });

  it("long before: the gateway goes on answering", async () => {
    const reader = pipeReader();
    const gateway = await start({ config: logging, stderrFd: reader.fd });
    reader.leave();
    await askOften(gateway, 20);
    await healthy(gateway);
    expect(await gateway.stop()).toBe(0);
  });
});

describe("standard output", () => {
  it("may lose its reader", async () => {
    const gateway = await start({ config: config(`process.stdout.write(${LINE});`) });
    gateway.leaveStdout();
    await askOften(gateway, 20);
    await healthy(gateway);
    expect(await gateway.stop()).toBe(0);
  });

  it("keeps no more for a reader that stalls than a bound, and tells the log when it reads again", async () => {
    const gateway = await start({ config: config(`process.stdout.write(${LINE});`) });
    gateway.pauseStdout(true);
    await askOften(gateway, MANY);
    await healthy(gateway);
    gateway.pauseStdout(false);
    const told = () =>
      /"dropped":(\d+),"msg":"the reader of standard output stalled/.exec(gateway.stderr())?.[1];
    let asked = MANY;
    while (told() === undefined) {
      await ask(gateway);
      asked++;
    }
    expect(Number(told())).toBeGreaterThan(MANY / 4);
    expect(Number(told())).toBeLessThan(asked);
    expect(await gateway.stop()).toBe(0);
  });
});

describe("on a terminal", () => {
  it("lines are for people, and what clients wrote does not steer it", async () => {
    const terminal = await stoppedTerminal();
    const work = `vr.log.warn({ said: "\\u001b[2J", usage: { input: 5 } }, "a client said \\u001b[2J\\u009b2J");`;
    const gateway = await start({ config: config(work), stderrFd: terminal.fd, env: { FORCE_COLOR: "0" } });
    await ask(gateway);
    expect(await gateway.stop()).toBe(0);
    const text = await terminal.read();
    expect(text).toMatch(
      /^\[\d\d:\d\d:\d\d\] WARN: a client said \\x1b\[2J\\x9b2J \{.*"usage":\{"input":5\}/m,
    );
    expect(text).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: response completed \{/m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(text).not.toMatch(/[\x1b\x9b]/);
  });

  it("has colours where the terminal has", async () => {
    const terminal = await stoppedTerminal();
    const gateway = await start({ config: logging, stderrFd: terminal.fd, env: { FORCE_COLOR: "1" } });
    await ask(gateway);
    expect(await gateway.stop()).toBe(0);
    expect(await terminal.read()).toContain("\u001b[32mINFO");
  });
});
