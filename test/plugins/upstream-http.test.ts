import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Log } from "../../core/context.ts";
import { ConfigError, type ModelChunk, type ModelRequest, type VrError } from "../../core/index.ts";
import { ResponseScope, TurnScope } from "../../core/scopes.ts";
import {
  createHttpUpstream,
  type HttpUpstream,
  type ServerOptions,
  serverOptions,
} from "../../plugins/upstream-http/index.ts";
import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import {
  answer,
  type ChatServer,
  chunk,
  createChatServer,
  DONE,
  fixture,
  HANG,
  json,
  LATER,
  plain,
  RESET,
  stream,
} from "../helpers/chat-server.ts";
import { summary } from "./dialect-chat/reading.ts";

const SECRET = "key-0123456789";
const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

let server: ChatServer;
const upstreams: HttpUpstream[] = [];

beforeEach(async () => {
  server = await createChatServer();
});

afterEach(async () => {
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.close()));
  await server.close();
});

function create(options: Partial<ServerOptions> = {}): HttpUpstream {
  const upstream = createHttpUpstream(
    { name: "test-server", quirks: {} },
    serverOptions.parse({ baseUrl: server.url, retryDelayMs: 1, ...options }),
  );
  upstreams.push(upstream);
  return upstream;
}

function turn(options: { signal?: AbortSignal; authorization?: string; index?: number } = {}): TurnScope {
  const signal = options.signal ?? new AbortController().signal;
  const caller = { authorization: options.authorization, signal };
  const request = {
    input: [],
    tools: [],
    tool_choice: "auto",
    include: new Set(),
    store: false,
    stream: true,
  };
  const scope = new ResponseScope("resp_1", { ...request, metadata: {} } as never, caller, signal, silent);
  return new TurnScope(options.index ?? 0, scope);
}

const ask = (fields: Partial<ModelRequest> = {}): ModelRequest => ({
  model: "test-model",
  items: [{ item: { role: "user", content: "hi" } }],
  tools: [],
  toolChoice: { mode: "auto" },
  stream: true,
  passthrough: {},
  ...fields,
});

async function collect(batches: AsyncIterable<readonly ModelChunk[]>): Promise<(readonly ModelChunk[])[]> {
  const all: (readonly ModelChunk[])[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

async function chunksOf(upstream: HttpUpstream, request = ask(), by = turn()): Promise<ModelChunk[]> {
  return (await collect(upstream.stream(request, by))).flat();
}

/** The error that a call ends with. */
async function failure(upstream: HttpUpstream, request = ask(), by = turn()): Promise<VrError> {
  try {
    await collect(upstream.stream(request, by));
  } catch (error) {
    return error as VrError;
  }
  throw new Error("the call was expected to fail");
}

function gate(): { opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe("a streamed answer", () => {
  it("comes as batches, the last chunk being finish", async () => {
    server.reply(answer({ reasoning: "hm", text: "one two", usage: [3, 2] }));
    const chunks = await chunksOf(create());
    expect(summary(chunks)).toEqual({ reasoning: "hm", text: "one two", usage: [3, 2], finish: "stop" });
    expect(chunks.at(-1)?.type).toBe("finish");
    expect(server.requests[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it("begins with an empty batch where its first event brings no words", async () => {
    const first = gate();
    server.reply(stream(chunk({ role: "assistant" }), first.opened, chunk({ content: "a" }, "stop")));
    const batches = create().stream(ask(), turn())[Symbol.asyncIterator]();
    expect(await batches.next()).toEqual({ done: false, value: [] });
    first.open();
    expect((await batches.next()).value).toContainEqual({ type: "text", text: "a" });
  });

  it("comes in one batch per read, however many HTTP chunks that brought", async () => {
    const before = gate();
    const after = gate();
    server.reply(async ({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify(chunk({ role: "assistant" }))}\n\n`);
      await before.opened;
      // Each is an HTTP chunk of its own; together they leave in one write.
      for (let i = 0; i < 100; i += 1)
        response.write(`data: ${JSON.stringify(chunk({ content: `${i} ` }))}\n\n`);
      await after.opened;
      response.end(DONE);
    });
    const withText: number[] = [];
    for await (const batch of create().stream(ask(), turn())) {
      const texts = batch.filter((each) => each.type === "text");
      if (texts.length > 0) withText.push(texts.length);
      before.open();
      if (withText.length > 0) after.open();
    }
    expect(withText).toEqual([100]);
  });

  it("ends at [DONE], even if the server does not close it", async () => {
    server.reply(stream(chunk({ content: "a" }, "stop"), DONE, HANG));
    expect((await chunksOf(create())).at(-1)).toEqual({ type: "finish", reason: "stop" });
  });

  it("leaves the connection to the next call", async () => {
    const upstream = create();
    for (const streamed of [true, true, false, true]) {
      await chunksOf(upstream, ask({ stream: streamed }));
      expect(await server.requests.at(-1)?.closed).toBe("complete");
      // The end of the answer is read in one turn of the event loop, the connection is free in the next.
      for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.connections).toBe(1);
  });

  it.each([1, 100])("is read from writes of %d bytes", async (size) => {
    server.reply(fixture("openai-parallel-calls", size));
    expect(summary(await chunksOf(create())).calls).toEqual([
      { name: "get_weather", callId: "call_Ab1", args: '{"city":"Paris"}' },
      { name: "get_weather", callId: "call_Cd2", args: '{"city":"Rome"}' },
    ]);
  });

  it("may come as one JSON body after all", async () => {
    server.reply((exchange) =>
      answer({ text: "whole" })({ ...exchange, request: { ...exchange.request, body: { stream: false } } }),
    );
    expect(summary(await chunksOf(create()))).toMatchObject({ text: "whole", finish: "stop" });
  });
});

describe("an unstreamed answer", () => {
  it("is asked for once, without stream, and comes in one batch", async () => {
    server.reply(answer({ text: "whole answer", calls: [{ name: "f", args: {} }] }));
    const batches = (await collect(create().stream(ask({ stream: false }), turn()))).filter(
      (each) => each.length > 0,
    );
    expect(batches).toHaveLength(1);
    expect(summary(batches.flat())).toMatchObject({ text: "whole answer", calls: [{ name: "f" }] });
    expect(server.requests.map((request) => "stream" in request.body)).toEqual([false]);
  });

  it("may come as a stream after all", async () => {
    server.reply(fixture("deepseek"));
    expect(summary(await chunksOf(create(), ask({ stream: false })))).toMatchObject({ text: "4.\n" });
  });
});

describe("what the server is sent", () => {
  it.each([
    ["with /v1", (url: string) => url],
    ["with a slash at the end", (url: string) => `${url}/`],
    ["without /v1", (url: string) => url.replace("/v1", "")],
    ["without /v1, with a slash", (url: string) => url.replace("/v1", "/")],
  ])("goes to the same place from a baseUrl %s", async (_, toUrl) => {
    await chunksOf(create({ baseUrl: toUrl(server.url) }));
    expect(server.requests[0]?.path).toBe("/v1/chat/completions");
  });

  it("goes under another version, or behind one, where the baseUrl has it", async () => {
    await chunksOf(create({ baseUrl: server.url.replace("/v1", "/v1beta/openai/") }));
    expect(server.requests[0]?.path).toBe("/v1beta/openai/chat/completions");
  });

  it.each([
    ["key", SECRET, "Bearer client", `Bearer ${SECRET}`],
    ["key", undefined, "Bearer client", undefined],
    ["forward", SECRET, "Bearer client", "Bearer client"],
    ["forward", SECRET, undefined, `Bearer ${SECRET}`],
    ["none", SECRET, "Bearer client", undefined],
  ] as const)(
    "auth %s with apiKey %s and the client's %s sends %s",
    async (auth, apiKey, authorization, expected) => {
      await chunksOf(
        create({ auth, ...(apiKey ? { apiKey } : {}) }),
        ask(),
        turn(authorization ? { authorization } : {}),
      );
      expect(server.requests[0]?.headers.authorization).toBe(expected);
    },
  );

  it("has the configured headers and body fields", async () => {
    await chunksOf(create({ headers: { "x-team": "a" }, extraBody: { top_k: 5 } }));
    expect(server.requests[0]?.headers["x-team"]).toBe("a");
    expect(server.requests[0]?.body).toMatchObject({ model: "test-model", top_k: 5 });
  });

  it("follows the quirks, and says once what was left out", async () => {
    const first = turn();
    const upstream = create({ quirks: { maxTokens: "max_completion_tokens" } });
    await chunksOf(upstream, ask({ maxOutputTokens: 5, verbosity: "low" }), first);
    expect(server.requests[0]?.body).toMatchObject({ max_completion_tokens: 5 });
    expect(first.response.warnings).toEqual([expect.stringContaining("verbosity")]);
    await chunksOf(upstream, ask({ verbosity: "low" }), new TurnScope(1, first.response as ResponseScope));
    expect(first.response.warnings).toHaveLength(1);
  });
});

describe("images in tool outputs", () => {
  const PICTURE = "data:image/png;base64,AA==";
  const drawn = (model = "test-model") =>
    ask({
      model,
      items: [
        { item: { type: "function_call", call_id: "a", name: "plot", arguments: "{}" }, turn: 0 },
        {
          item: {
            type: "function_call_output",
            call_id: "a",
            output: [{ type: "input_image", image_url: PICTURE }],
          },
        },
      ],
    });
  const refusal = (message: string, status = 400) => json({ error: { message } }, status);
  const NONE = refusal("image input is not supported", 500);
  const TOO_MANY = refusal("At most 1 image(s) may be provided in one prompt.");
  const shown = () => server.requests.map(({ raw }) => raw.includes(PICTURE));

  it("a model that takes none is not sent some again, another one is", async () => {
    server.reply(NONE, answer({ text: "Yes." }));
    const upstream = create();
    for (const model of ["blind", "blind", "seeing"]) await chunksOf(upstream, drawn(model));
    expect(shown()).toEqual([true, false, false, true]);
  });

  it("a model that takes none of these is sent some again", async () => {
    server.reply(TOO_MANY, answer({ text: "Yes." }));
    const upstream = create();
    for (let i = 0; i < 2; i += 1) await chunksOf(upstream, drawn());
    expect(shown()).toEqual([true, false, true]);
  });

  it("what is left out is said once per response", async () => {
    server.reply(NONE, answer({ text: "Yes." }));
    const upstream = create();
    const first = turn();
    await chunksOf(upstream, drawn(), first);
    await chunksOf(upstream, drawn(), new TurnScope(1, first.response as ResponseScope));
    expect(first.response.warnings).toEqual(["images in tool outputs were left out: the model takes none"]);
  });

  it("the configured body fields stay in what is asked instead", async () => {
    server.reply(NONE, answer({ text: "Yes." }));
    await chunksOf(create({ extraBody: { top_k: 5 } }), drawn());
    expect(server.requests[1]?.body).toMatchObject({ top_k: 5, stream: true });
  });

  it("a refusal that has other reasons stands, and so does one that finds none left", async () => {
    server.reply(refusal("temperature is out of range"));
    expect(await failure(create(), drawn())).toMatchObject({ status: 400 });
    expect(server.requests).toHaveLength(1);
    // None are left after the first.
    server.reply(TOO_MANY, NONE);
    expect(await failure(create(), drawn())).toMatchObject({ status: 400 });
    expect(server.requests).toHaveLength(3);
  });

  it("a request that has none is not made again", async () => {
    server.reply(NONE);
    expect(await failure(create())).toMatchObject({ status: 400 });
    expect(server.requests).toHaveLength(1);
  });
});

describe("status codes", () => {
  it.each([
    [400, 400],
    [401, 401],
    [403, 403],
    [404, 404],
    [429, 429],
    [402, 400],
    [409, 400],
    [413, 400],
    [422, 400],
    [301, 502],
    [500, 502],
    [501, 502],
    [502, 502],
    [503, 502],
    [529, 502],
  ])("%d is %d to the client", async (status, expected) => {
    server.reply(json({ error: { message: "because", code: "the_code" } }, status));
    const error = await failure(create({ retries: 0 }));
    expect(error).toMatchObject({ status: expected, code: "the_code" });
    expect(error.message).toContain("because");
  });

  it.each([
    ["OpenAI's envelope", '{"error":{"message":"because","type":"x","code":"c"}}'],
    ["an error that is text", '{"error":"because"}'],
    ["a detail", '{"detail":"because"}'],
    ["FastAPI's list of details", '{"detail":[{"loc":["body"],"msg":"because"}]}'],
    ["a message", '{"object":"error","message":"because","code":400}'],
    ["plain text", "because"],
  ])("the message is taken from %s", async (_, body) => {
    server.reply(plain(body, 400));
    expect((await failure(create())).message).toContain("because");
  });

  it("429 passes with Retry-After, and nothing else of the server's headers", async () => {
    server.reply(json({ error: { message: "slow down" } }, 429, { "retry-after": "60", "x-secret": "s" }));
    const error = await failure(create());
    expect(error.headers).toEqual({ "Retry-After": "60" });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ["OpenAI", 400, { message: "too long", code: "context_length_exceeded" }],
    [
      "vLLM",
      400,
      { message: "This model's maximum context length is 4096 tokens. However, you requested 5000." },
    ],
    [
      "llama.cpp",
      400,
      {
        code: 400,
        message: "request (2421 tokens) exceeds the available context size (1024 tokens), try increasing it",
        type: "exceed_context_size_error",
      },
    ],
    ["an older llama.cpp", 500, { message: "the request exceeds the available context size" }],
  ])("a context that is too long is recognised from %s", async (_, status, error) => {
    server.reply(json({ error }, status));
    expect(await failure(create({ retries: 0 }))).toMatchObject({
      status: 400,
      code: "context_length_exceeded",
    });
  });

  it("a long message is shortened", async () => {
    server.reply(plain("x".repeat(100_000), 400));
    expect((await failure(create())).message.length).toBeLessThanOrEqual(2_000);
  });

  it.each([
    ["HTML", plain("<!doctype html><title>hi</title>", 200, { "content-type": "text/html" }), /HTML/],
    ["nothing", plain("", 200, { "content-type": "application/json" }), /empty body/],
    ["an empty stream", stream(), /empty stream/],
    ["text", plain("it works", 200, { "content-type": "application/json" }), /it works/],
    ["JSON without a choice", json({ hello: 1 }), /without a choice/],
  ])("%s in place of an answer is 502, and says so", async (_, script, message) => {
    server.reply(script);
    expect(await failure(create())).toMatchObject({ status: 502, message: expect.stringMatching(message) });
  });

  it("counts even if the body that explains it breaks off", async () => {
    server.reply(async ({ response, socket }) => {
      response.writeHead(404, { "content-length": "1000" });
      response.write("no such mo");
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.resetAndDestroy();
    });
    expect(await failure(create())).toMatchObject({ status: 404 });
  });

  it("a server that is not there is 502", async () => {
    const { url } = server;
    await server.close();
    const error = await failure(create({ baseUrl: url, retries: 1 }));
    expect(error).toMatchObject({ status: 502, message: expect.stringContaining("ECONNREFUSED") });
    server = await createChatServer();
  });
});

describe("streams that break", () => {
  it("give what came before a reset, then 502", async () => {
    server.reply(stream(chunk({ content: "half" }), RESET));
    const got: ModelChunk[] = [];
    const reading = (async () => {
      for await (const batch of create().stream(ask(), turn())) got.push(...batch);
    })();
    await expect(reading).rejects.toMatchObject({ status: 502 });
    expect(got).toEqual([{ type: "text", text: "half" }]);
  });

  it("that end early are 502, not an end", async () => {
    server.reply(fixture("cut"));
    expect(await failure(create())).toMatchObject({
      status: 502,
      message: expect.stringContaining("broke off"),
    });
  });

  it("that report an error after 200 are that error", async () => {
    server.reply(stream({ error: { message: "slow down", code: 429 } }, DONE));
    expect(await failure(create())).toMatchObject({
      status: 429,
      message: expect.stringContaining("slow down"),
    });
  });

  it("that grow past the limit are 502, and the connection is closed", async () => {
    server.reply(stream(chunk({ content: "x".repeat(10_000) }), HANG));
    expect(await failure(create({ maxResponseBytes: 5_000 }))).toMatchObject({ status: 502 });
    expect(await (await server.received(1)).closed).toBe("aborted");
  });

  it("that have a line without end are 502", async () => {
    server.reply(stream("data: ", "x".repeat(10_000), HANG));
    expect(await failure(create({ maxEventBytes: 5_000 }))).toMatchObject({
      status: 502,
      message: expect.stringContaining("5000 bytes"),
    });
    expect(await (await server.received(1)).closed).toBe("aborted");
  });
});

describe("retries", () => {
  it.each([429, 502, 503, 504])("asks again after %d", async (status) => {
    server.reply(json({ error: "busy" }, status, { "retry-after": "0" }), answer({ text: "now" }));
    expect(summary(await chunksOf(create())).text).toBe("now");
    expect(server.requests.map((request) => request.raw)).toEqual(Array(2).fill(server.requests[0]?.raw));
  });

  it.each([400, 401, 404, 500])("does not after %d", async (status) => {
    server.reply(json({ error: "no" }, status), answer({ text: "now" }));
    await failure(create());
    expect(server.requests).toHaveLength(1);
  });

  it("asks again when the connection breaks before a byte", async () => {
    server.reply(({ socket }) => void socket.resetAndDestroy(), answer({ text: "now" }));
    expect(summary(await chunksOf(create())).text).toBe("now");
  });

  it("never does after a byte", async () => {
    server.reply(stream(chunk({ content: "half" }), RESET), answer({ text: "again" }));
    await failure(create());
    expect(server.requests).toHaveLength(1);
  });

  it("gives up after as many as configured, with the last answer", async () => {
    server.reply(json({ error: "busy" }, 503));
    expect((await failure(create({ retries: 2 }))).message).toContain("busy");
    expect(server.requests).toHaveLength(3);
  });

  it("waits no longer for Retry-After than configured", async () => {
    server.reply(json({ error: "busy" }, 429, { "retry-after": "2" }), answer({ text: "now" }));
    expect(await failure(create({ maxRetryAfterMs: 1_000 }))).toMatchObject({ status: 429 });
  });

  it("stops when aborted while it waits", async () => {
    const busy = gate();
    server.reply(({ response }) => {
      response.on("close", busy.open);
      response.writeHead(503).end();
    });
    const controller = new AbortController();
    const failed = failure(create({ retryDelayMs: 60_000 }), ask(), turn({ signal: controller.signal }));
    await busy.opened;
    controller.abort(new Error("left"));
    expect((await failed).message).toBe("left");
    expect(server.requests).toHaveLength(1);
  });
});

describe("time", () => {
  it("connecting takes too long: 504", async () => {
    // Accepts, but never answers the TLS handshake.
    const mute = createTcpServer().listen(0, "127.0.0.1");
    await once(mute, "listening");
    const sockets: { destroy(): void }[] = [];
    mute.on("connection", (socket) => sockets.push(socket));
    const baseUrl = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    expect(await failure(create({ baseUrl, connectTimeoutMs: 50 }))).toMatchObject({
      status: 504,
      message: expect.stringContaining("connecting"),
    });
    for (const socket of sockets) socket.destroy();
    mute.close();
  });

  it.each([
    ["no headers come", () => {}],
    ["headers come, but no body", stream(HANG)],
  ])("%s: 504, and the connection is closed", async (_, script) => {
    server.reply(script);
    expect(await failure(create({ firstByteTimeoutMs: 50 }))).toMatchObject({
      status: 504,
      message: expect.stringContaining("50 ms"),
    });
    expect(await (await server.received(1)).closed).toBe("aborted");
    expect(server.requests).toHaveLength(1);
  });

  it("the server falls silent: 504 after what it said", async () => {
    server.reply(stream(chunk({ content: "half" }), HANG));
    const got: ModelChunk[] = [];
    const reading = (async () => {
      for await (const batch of create({ idleTimeoutMs: 50 }).stream(ask(), turn())) got.push(...batch);
    })();
    await expect(reading).rejects.toMatchObject({ status: 504, message: expect.stringContaining("silent") });
    expect(got).toEqual([{ type: "text", text: "half" }]);
    expect(await (await server.received(1)).closed).toBe("aborted");
  });

  it("the server keeps the stream open after a whole answer: it is taken as it is", async () => {
    server.reply(stream(chunk({ content: "all" }, "stop"), HANG));
    const got: ModelChunk[] = [];
    for await (const batch of create({ idleTimeoutMs: 60_000 }).stream(ask(), turn())) got.push(...batch);
    expect(summary(got)).toEqual({ text: "all", finish: "stop" });
    expect(await (await server.received(1)).closed).toBe("aborted");
  });

  it("a consumer that takes its time is not a silent server", async () => {
    const rest = gate();
    // The comment makes the call wait for more, and so watch the time, before the consumer pauses.
    server.reply(
      stream(
        ": ping\n\n",
        LATER,
        chunk({ content: "a" }),
        rest.opened,
        chunk({ content: "b" }, "stop"),
        DONE,
      ),
    );
    const batches = create({ idleTimeoutMs: 40 }).stream(ask(), turn())[Symbol.asyncIterator]();
    const got: ModelChunk[] = [];
    while (got.length === 0) got.push(...((await batches.next()).value ?? []));
    await new Promise((resolve) => setTimeout(resolve, 120));
    rest.open();
    for (let next = await batches.next(); !next.done; next = await batches.next()) got.push(...next.value);
    expect(summary(got)).toEqual({ text: "ab", finish: "stop" });
  });
});

describe("abort", () => {
  it.each([
    ["before headers", () => {}],
    ["before the first byte", stream(HANG)],
    ["in the middle", stream(chunk({ content: "a" }), HANG)],
  ])("%s closes the connection, and the call ends with the signal's reason", async (_, script) => {
    server.reply(script);
    const controller = new AbortController();
    const failed = failure(create(), ask(), turn({ signal: controller.signal }));
    const request = await server.received(1);
    controller.abort(new Error("left"));
    expect((await failed).message).toBe("left");
    expect(await request.closed).toBe("aborted");
  });

  it("beforehand sends nothing", async () => {
    const error = await failure(create(), ask(), turn({ signal: AbortSignal.abort(new Error("left")) }));
    expect(error.message).toBe("left");
    expect(server.requests).toHaveLength(0);
  });

  it("drops what was read but not yet taken", async () => {
    server.reply(stream(chunk({ content: "a" }), HANG));
    const controller = new AbortController();
    const batches = create()
      .stream(ask(), turn({ signal: controller.signal }))
      [Symbol.asyncIterator]();
    await batches.next();
    controller.abort(new Error("left"));
    await expect(batches.next()).rejects.toThrow("left");
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });

  it("a consumer that stops reading closes the connection too", async () => {
    server.reply(stream(chunk({ content: "a" }), HANG));
    for await (const batch of create().stream(ask(), turn())) if (batch.length > 0) break;
    expect(await (await server.received(1)).closed).toBe("aborted");
  });
});

describe("back-pressure", () => {
  it("a consumer that does not read makes the server wait, and loses nothing", async () => {
    const piece = Buffer.from(`data: ${JSON.stringify(chunk({ content: "x".repeat(60_000) }))}\n\n`);
    const pieces = 1_000;
    let written = 0;
    server.reply(async ({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (; written < pieces; written += 1) if (!response.write(piece)) await once(response, "drain");
      response.end(DONE);
    });
    const batches = create().stream(ask(), turn())[Symbol.asyncIterator]();
    await batches.next();
    await untilStill(() => written);
    expect(written).toBeGreaterThan(0);
    // What the kernel holds for both ends, and a little: far from the 60 MB that the server has to say.
    expect(written).toBeLessThan(pieces / 3);

    let length = 0;
    for (let next = await batches.next(); !next.done; next = await batches.next())
      for (const each of next.value) if (each.type === "text") length += each.text.length;
    expect(written).toBe(pieces);
    expect(length).toBeGreaterThanOrEqual((pieces - 1) * 60_000);
  });
});

/** Resolves once a count has not changed for a while. */
async function untilStill(count: () => number): Promise<void> {
  for (let still = 0, last = -1; still < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    still = count() === last ? still + 1 : 0;
    last = count();
  }
}

describe("secrets", () => {
  it.each([
    ["the gateway's key", { apiKey: SECRET }, {}],
    ["the client's own", { auth: "forward" as const }, { authorization: `Bearer ${SECRET}` }],
    ["a configured header", { headers: { "x-api-key": SECRET } }, {}],
  ])("%s is in no error, whatever the server repeats", async (_, options, by) => {
    const echo = `Incorrect API key provided: ${SECRET}; header Authorization: Bearer ${SECRET}`;
    server.reply(
      json({ error: { message: echo, code: `bad_${SECRET}` } }, 401),
      plain(echo, 400),
      stream({ error: { message: echo } }),
      plain(echo, 200, { "content-type": "application/json" }),
      stream(`data: ${echo}\n\n`),
    );
    const upstream = create(options);
    for (let i = 0; i < 5; i += 1) {
      const error = await failure(upstream, ask(), turn(by));
      const said = `${error.message} ${error.cause}`;
      expect(`${said} ${error.stack} ${JSON.stringify(error)}`).not.toContain(SECRET);
      expect(said).toContain("[redacted]");
    }
  });

  it("is not in the description either", () => {
    expect(create({ apiKey: SECRET }).description).not.toContain(SECRET);
  });
});

describe("models", () => {
  it("are not read without end", async () => {
    server.replyModels(({ response }) => {
      const blank = " ".repeat(65_536);
      const more = () => {
        while (!response.destroyed && response.write(blank));
      };
      response.on("drain", more).writeHead(200, { "content-type": "application/json" });
      more();
    });
    const { signal } = new AbortController();
    await expect(create().models(signal)).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining("exceeds"),
    });
  });

  const signal = new AbortController().signal;

  it("are listed once, however many ask", async () => {
    const upstream = create({ apiKey: SECRET });
    const lists = await Promise.all([upstream.models(signal), upstream.models(signal)]);
    expect(lists[0]).toEqual([{ id: "test-model", created: 1700000000, owned_by: "test" }]);
    expect(lists[1]).toEqual(lists[0]);
    await upstream.models(signal);
    expect(server.gets.map((request) => [request.path, request.headers.authorization])).toEqual([
      ["/v1/models", `Bearer ${SECRET}`],
    ]);
  });

  it("are asked for again after a failure", async () => {
    const upstream = create();
    server.replyModels(json({ error: "no" }, 500));
    await expect(upstream.models(signal)).rejects.toMatchObject({ status: 502 });
    server.replyModels(json({ data: [{ id: "a" }] }));
    expect(await upstream.models(signal)).toEqual([{ id: "a" }]);
  });

  it("the configured one is the default, else the first", async () => {
    expect(await create({ model: "mine" }).defaultModel(signal)).toBe("mine");
    expect(await create().defaultModel(signal)).toBe("test-model");
    server.replyModels(json({ data: [] }));
    await expect(create().defaultModel(signal)).rejects.toMatchObject({ status: 502 });
  });

  it("one who leaves does not end the question for others", async () => {
    const listed = gate();
    server.replyModels(async (exchange) => {
      await listed.opened;
      await json({ data: [{ id: "a" }] })(exchange);
    });
    const upstream = create();
    const leaving = new AbortController();
    const left = upstream.models(leaving.signal);
    const stayed = upstream.models(signal);
    leaving.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    listed.open();
    expect(await stayed).toEqual([{ id: "a" }]);
  });

  it("check resolves when the server answers, and rejects with the reason when it does not", async () => {
    const upstream = create();
    await upstream.check?.(signal);
    server.replyModels(json({ error: "not found" }, 404));
    await upstream.check?.(signal);
    server.replyModels(json({ error: "bad key" }, 401));
    await expect(upstream.check?.(signal)).rejects.toThrow("the model server wants a key (401): bad key");
    const keyed = create({ apiKey: SECRET });
    await expect(keyed.check?.(signal)).rejects.toThrow("the model server refuses the key (401): bad key");
  });

  it("check takes a server that wants a key as answering when its clients bring the keys", async () => {
    server.replyModels(json({ error: "no key" }, 401));
    await create({ auth: "forward" }).check?.(signal);
    await expect(create({ auth: "none" }).check?.(signal)).rejects.toThrow("wants a key (401)");
  });
});

describe("options", () => {
  it.each([
    [{ baseUrl: "ftp://example.com" }, "baseUrl"],
    [{ baseUrl: "http://user:pass@example.com" }, "baseUrl"],
    [{ baseUrl: "http://:pass@example.com" }, "baseUrl"],
    [{ baseUrl: "http://example.com", quirks: { maxTokens: "tokens" } }, "quirks.maxTokens"],
    [{ baseUrl: "http://example.com", headers: { Authorization: "x" } }, "headers"],
    [{ baseUrl: "http://example.com", retires: 3 }, "retires"],
    [{ baseUrl: "http://example.com/v1?api-version=1" }, "baseUrl"],
    [{ baseUrl: "http://example.com", apiKey: `${SECRET}\n` }, "apiKey"],
    [{ baseUrl: "http://example.com", headers: { "x-key": `${SECRET}\n` } }, "headers.x-key"],
    [{ baseUrl: "http://example.com", headers: { "x key": "x" } }, 'headers: "x key"'],
  ])("%j is refused, and the error names the option", (options, path) => {
    expect(() => openaiCompatible(options as never)).toThrow(ConfigError);
    expect(() => openaiCompatible(options as never)).toThrow(path);
    expect(() => openaiCompatible(options as never)).not.toThrow(SECRET);
  });
});
