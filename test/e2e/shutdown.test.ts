import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { post } from "../helpers/ask.ts";
import { type ChatServer, chunk, createChatServer, DONE, HANG, stream } from "../helpers/chat-server.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { readSse } from "../helpers/sse.ts";
import { tempConfig } from "../helpers/temp-folder.ts";
import { expectValidError, expectValidStream } from "../wire/wire.ts";

let server: ChatServer;
beforeAll(async () => {
  server = await createChatServer();
});
afterAll(() => server?.close());

const question = { model: "test-model", input: "Hello?", stream: true };
/** Longer than a test may take: whatever waits for the end of the drain fails. */
const FOR_EVER = 600_000;

function start(drainMs: number, plugins = "storeSqlite()"): Promise<Gateway> {
  const config = tempConfig(`{ plugins: [${plugins}], timeouts: { drainMs: ${drainMs} } }`);
  return startGateway({ config, env: { VR_UPSTREAM: server.url } });
}

/** The events of a stream, of which the first `text` delta has been read. */
async function begin(gateway: Gateway) {
  const events: unknown[] = [];
  const frames = readSse(await post(gateway, question));
  for (;;) {
    const { value } = await frames.next();
    if (!value?.event) throw new Error("the stream ended before its first text");
    events.push(value.data);
    if (value.event === "response.output_text.delta") break;
  }
  const rest = async () => {
    for await (const frame of frames) if (frame.event) events.push(frame.data);
    return expectValidStream(events);
  };
  return { rest };
}

function connectTo({ url }: Gateway): Socket {
  const { port, hostname } = new URL(url);
  // Cut connections end with a reset now and then.
  return connect(Number(port), hostname).on("error", () => {});
}

/** Resolves once the gateway takes no more connections. */
async function refused(gateway: Gateway): Promise<void> {
  for (;;) {
    const socket = connectTo(gateway);
    const taken = await new Promise((resolve) =>
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false)),
    );
    socket.destroy();
    if (!taken) return;
  }
}

it.each(["SIGTERM", "SIGINT"] as const)("%s lets an open stream end, then exits with 0", async (signal) => {
  const gateway = await start(FOR_EVER);
  const gate = Promise.withResolvers<void>();
  server.reply(
    stream(chunk({ content: "first " }), gate.promise, chunk({ content: "last" }), chunk({}, "stop"), DONE),
  );
  const { rest } = await begin(gateway);
  const exit = gateway.stop(signal);
  await refused(gateway);
  gate.resolve();
  const response = await rest();
  expect(response.status).toBe("completed");
  expect(response.output[0]).toMatchObject({ content: [{ text: "first last" }] });
  expect(await exit).toBe(0);
});

it("ends a stream with response.failed when the drain takes too long, and exits with 0", async () => {
  const gateway = await start(1);
  server.reply(stream(chunk({ content: "first " }), HANG));
  const count = server.requests.length;
  const { rest } = await begin(gateway);
  const exit = gateway.stop();
  const response = await rest();
  expect(response.status).toBe("failed");
  expect(response.error).toMatchObject({ code: "server_error" });
  expect(response.error?.message).toContain("shutting down");
  expect(await exit).toBe(0);
  expect(await (await server.received(count + 1)).closed).toBe("aborted");
});

it("answers 503 to an unstreamed request that the drain cuts off", async () => {
  const gateway = await start(1);
  server.reply(stream(chunk({ content: "first " }), HANG));
  const count = server.requests.length;
  const answer = post(gateway, { ...question, stream: false });
  await server.received(count + 1);
  const exit = gateway.stop();
  const response = await answer;
  expect(response.status).toBe(503);
  expect(expectValidError(await response.json()).error.code).toBe("shutting_down");
  expect(await exit).toBe(0);
});

it("exits at once on the second signal", async () => {
  const gateway = await start(FOR_EVER);
  server.reply(stream(chunk({ content: "first " }), HANG));
  const { rest } = await begin(gateway);
  const exit = gateway.stop();
  await refused(gateway);
  process.kill(gateway.pid, "SIGTERM");
  expect(await exit).toBe(1);
  await expect(rest()).rejects.toThrow();
});

it("does not wait for connections that carry no request", async () => {
  const gateway = await start(FOR_EVER);
  const unused = connectTo(gateway);
  await once(unused, "connect");
  const idle = connectTo(gateway);
  idle.write("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  const [answer] = await once(idle, "data");
  expect(String(answer)).toContain("200 OK");
  const closed = Promise.all([once(unused, "close"), once(idle, "close")]);
  expect(await gateway.stop()).toBe(0);
  await closed;
});

it("does not wait for a connection whose request is not complete", async () => {
  const gateway = await start(FOR_EVER);
  const socket = connectTo(gateway);
  const closed = once(socket, "close");
  await once(socket, "connect");
  await new Promise<void>((resolve) =>
    socket.write("POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1\r\n", () => resolve()),
  );
  expect(await gateway.stop()).toBe(0);
  await closed;
});

it("closes connections as their responses end, while others still stream", async () => {
  const gateway = await start(FOR_EVER);
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  for (const { promise } of gates)
    server.reply(stream(chunk({ content: "a " }), promise, chunk({}, "stop"), DONE));
  const first = await begin(gateway);
  const second = await begin(gateway);
  const exit = gateway.stop();
  await refused(gateway);
  gates[0]?.resolve();
  expect((await first.rest()).status).toBe("completed");
  gates[1]?.resolve();
  expect((await second.rest()).status).toBe("completed");
  expect(await exit).toBe(0);
});

it("closes plugins in reverse order, after the last response", async () => {
  const plugin = (name: string) => `definePlugin({
    name: "${name}",
    setup(vr) {
      vr.hooks.onComplete.tap(() => console.error("${name}: complete"));
      vr.onClose(() => console.error("${name}: close"));
    },
  })()`;
  const gateway = await start(FOR_EVER, `${plugin("one")}, ${plugin("two")}`);
  const gate = Promise.withResolvers<void>();
  server.reply(stream(chunk({ content: "a " }), gate.promise, chunk({}, "stop"), DONE));
  const { rest } = await begin(gateway);
  const exit = gateway.stop();
  await refused(gateway);
  gate.resolve();
  await rest();
  await exit;
  const lines = gateway
    .stderr()
    .split("\n")
    .filter((line) => /^(one|two): /.test(line));
  expect(lines.slice(0, 2).toSorted()).toEqual(["one: complete", "two: complete"]);
  expect(lines.slice(2)).toEqual(["two: close", "one: close"]);
});
