import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chatPassthrough } from "../../plugins/chat-passthrough/index.ts";
import { defaults } from "../../plugins/defaults/index.ts";
import { demo } from "../../plugins/demo/index.ts";
import { guardBlocklist } from "../../plugins/guard-blocklist/index.ts";
import { logger } from "../../plugins/logger/index.ts";
import { passthrough } from "../../plugins/passthrough/index.ts";
import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import {
  answer,
  type ChatServer,
  chunk,
  createChatServer,
  DONE,
  fixture,
  fixtureBytes,
  HANG,
  json,
  RESET,
  type Script,
  stream,
} from "../helpers/chat-server.ts";
import { startInProcess } from "../helpers/in-process.ts";

const KEY = "sk-operator-0123456789";

let server: ChatServer;
let second: ChatServer;
beforeEach(async () => {
  server = await createChatServer();
  second = await createChatServer();
});
afterEach(() => Promise.all([server.close(), second.close()]));

const first = (options: object = {}) =>
  openaiCompatible({ name: "first", baseUrl: server.url, retries: 0, ...options });
const other = () => openaiCompatible({ name: "second", baseUrl: second.url, retries: 0 });

/** A gateway with the passthrough; `post` sends this very text. */
async function start(plugins = [first()], options: Partial<Parameters<typeof startInProcess>[0]> = {}) {
  const vr = await startInProcess({ plugins: [...plugins, passthrough()], ...options });
  const post = (body: object | string, init: RequestInit = {}) =>
    fetch(`${vr.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer of-the-client" },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...init,
    });
  return { vr, post };
}

/** A 500 whose body breaks off. */
const brokenRefusal: Script = ({ response, socket }) => {
  response.writeHead(500, { "content-length": 100 });
  response.write("out of mem", () => socket.destroy());
};

const ask = { model: "test-model", messages: [{ role: "user", content: "hi" }] };

describe("POST /v1/chat/completions", () => {
  it("is not there unless the plugin is", async () => {
    const vr = await startInProcess({ plugins: [first()] });
    const { status } = await fetch(`${vr.url}/v1/chat/completions`, { method: "POST", body: "{}" });
    expect(status).toBe(404);
  });

  it("passes both ways byte for byte, streamed", async () => {
    server.reply(fixture("openai-parallel-calls", 100));
    const { post } = await start();
    const body = `{ "model":"test-model",  "stream": true, "messages": [], "unheard_of": 1 }`;
    const response = await post(body);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(Buffer.from(await response.arrayBuffer()).equals(fixtureBytes("openai-parallel-calls"))).toBe(
      true,
    );
    expect(server.requests[0]?.raw).toBe(body);
  });

  it("passes an unstreamed answer", async () => {
    server.reply(answer({ text: "hello" }));
    const { post } = await start();
    const response = await post(ask);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: "hello" } }] });
  });

  it("comes as it comes: what the server has said is there before it says more", async () => {
    const more = Promise.withResolvers<void>();
    server.reply(stream(chunk({ content: "one" }), more.promise, chunk({ content: "two" }, "stop"), DONE));
    const { post } = await start();
    const reader = (await post({ ...ask, stream: true })).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain("one");
    more.resolve();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain("two");
  });

  it("is sent with the operator's key, not the client's; with auth: forward the other way round", async () => {
    const { post } = await start([first({ apiKey: KEY })]);
    await post(ask);
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    const forwarding = await start([first({ auth: "forward" })]);
    await forwarding.post(ask);
    expect(server.requests[1]?.headers.authorization).toBe("Bearer of-the-client");
  });
});

describe("where it goes", () => {
  const routes = [
    { model: ["fast"], to: [{ upstream: "second", model: "llama-3", weight: 1 }], fallbacks: [] },
  ];

  it("is where the Responses API would go: by route, with the alias in place, all else as it was", async () => {
    const { post } = await start([first(), other()], { routes });
    await post({ ...ask, model: "fast", seed: 7 });
    expect(second.requests[0]?.body).toEqual({ ...ask, model: "llama-3", seed: 7 });
    await post(ask);
    expect(server.requests).toHaveLength(1);
  });

  it("names the default model for who names none", async () => {
    const { post } = await start();
    await post({ messages: [] });
    expect(server.requests[0]?.body).toEqual({ messages: [], model: "test-model" });
  });

  it.each([
    ["refuses the connection", () => server.close()],
    ["has too much to do", () => server.reply(json({ error: { message: "busy" } }, 429))],
    ["fails", () => server.reply(json({ error: { message: "oh" } }, 503))],
    ["breaks off while it says why", () => server.reply(brokenRefusal)],
  ])("goes on to the fallback where the first %s", async (_, prepare) => {
    await prepare();
    const { post } = await start([first(), other()], {
      routes: [
        {
          model: ["*"],
          to: [{ upstream: "first", weight: 1 }],
          fallbacks: [{ upstream: "second", weight: 1 }],
        },
      ],
    });
    const response = await post(ask);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-vr-warning")).toContain('upstream "first" did not take the request');
    expect(second.requests).toHaveLength(1);
  });

  it("is nowhere where no upstream takes it", async () => {
    const { post } = await start([demo()]);
    const response = await post(ask);
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ error: { code: "no_upstream" } });
  });

  it("keeps to the upstream's limit of calls, and frees the place at the end", async () => {
    const { vr, post } = await start([first({ maxConcurrent: 1, maxQueued: 0 })]);
    server.reply(stream(chunk({ content: "a" }), HANG));
    const leaving = new AbortController();
    const open = await post({ ...ask, stream: true }, { signal: leaving.signal });
    expect((await post(ask)).status).toBe(429);
    const request = await server.received(1);
    leaving.abort();
    await expect(open.text()).rejects.toThrow();
    expect(await request.closed).toBe("aborted");
    expect((await post(ask)).status).toBe(200);
    expect(vr.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("what goes wrong", () => {
  it.each([400, 401, 404, 429])("%i of the server keeps its meaning, without its secrets", async (status) => {
    server.reply(json({ error: { message: `Wrong key ${KEY}`, type: "t", code: "c" } }, status));
    const { post } = await start([first({ apiKey: KEY })]);
    const response = await post(ask);
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toContain("Wrong key");
    expect(error.message).not.toContain(KEY);
  });

  it("an error that breaks off is still one of the server, with what it had said", async () => {
    server.reply(brokenRefusal);
    const { post } = await start();
    const response = await post(ask);
    expect(response.status).toBe(502);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toBe("the model server answered 500: out of mem");
  });

  it.each([
    ["no JSON", "{", 400],
    ["no object", "[]", 400],
    ["a model that is no name", '{"model":5}', 400],
    ["too large", `{"model":"${"a".repeat(200)}"}`, 413],
  ])("a body that is %s: an error before any server is asked", async (_, body, status) => {
    const vr = await startInProcess({ plugins: [first(), passthrough({ maxBodyBytes: 100 })] });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${vr.url}/v1/chat/completions`, { method: "POST", headers, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    expect(server.requests).toHaveLength(0);
  });

  it("a body that is not sent as JSON is refused: any page could send it", async () => {
    const { post } = await start();
    const response = await post(ask, { headers: { "content-type": "text/plain" } });
    expect(response.status).toBe(415);
    expect(server.requests).toHaveLength(0);
  });

  it("a call that still waits when the gateway ends is told so", async () => {
    const { vr, post } = await start();
    server.reply(() => {}); // never answers
    const waiting = post(ask);
    const request = await server.received(1);
    const closing = vr.gateway.close(1);
    const response = await waiting;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: "shutting_down" } });
    expect(await request.closed).toBe("aborted");
    await closing;
  });

  it("a stream that breaks off is broken off for the client too", async () => {
    server.reply(stream(chunk({ content: "one" }), RESET));
    const { vr, post } = await start();
    const response = await post({ ...ask, stream: true });
    await expect(response.text()).rejects.toThrow();
    server.reply(answer({ text: "well again" }));
    expect((await vr.post()).status).toBe(200);
  });
});

describe("guardrails", () => {
  it("are passed by, which the log says at the start and every answer in x-vr-warning", async () => {
    const { vr, post } = await start([first(), guardBlocklist({ words: ["forbidden"] })]);
    const said = vr.log.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(said).toContainEqual(expect.stringContaining("those of guard-blocklist do not run"));
    server.reply(answer({ text: "forbidden" }));
    const response = await post(ask);
    expect(response.headers.get("x-vr-warning")).toContain("guard-blocklist");
    expect(await response.text()).toContain("forbidden");
  });

  it("are not spoken of where there are none: observers of ended responses guard nothing", async () => {
    const { vr, post } = await start([first(), logger()]);
    expect(vr.log.filter(({ level }) => level === "warn")).toEqual([]);
    expect((await post(ask)).headers.get("x-vr-warning")).toBeNull();
  });
});

describe("endpoints", () => {
  const at = (vr: { url: string }, path: string, body: object = ask) =>
    fetch(`${vr.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  it.each([
    ["embeddings", "/v1/embeddings", "/v1/embeddings"],
    ["completions", "/v1/completions", "/v1/completions"],
    ["tokenize", "/tokenize", "/tokenize"],
  ])("%s pass where they are asked for, and are not there otherwise", async (option, path, there) => {
    const without = await startInProcess({ plugins: [first(), passthrough()] });
    expect((await at(without, path)).status).toBe(404);
    const vr = await startInProcess({ plugins: [first(), passthrough({ [option]: true })] });
    server.reply(json({ answer: 42 }));
    const response = await at(vr, path, { model: "test-model", input: "hi" });
    expect(await response.json()).toEqual({ answer: 42 });
    expect(server.requests.map((request) => request.path)).toEqual([there]);
  });

  it("chat completions may be left out", async () => {
    const vr = await startInProcess({ plugins: [first(), passthrough({ chat: false, embeddings: true })] });
    expect((await at(vr, "/v1/chat/completions")).status).toBe(404);
  });

  it("tokenize stands beside the version, behind whatever else is in the base URL", async () => {
    server.reply(json({ count: 2 }));
    const proxied = first({ baseUrl: server.url.replace("/v1", "/proxy/v1") });
    const vr = await startInProcess({ plugins: [proxied, passthrough({ tokenize: true })] });
    await at(vr, "/tokenize");
    expect(server.requests[0]?.path).toBe("/proxy/tokenize");
  });

  const all = { embeddings: true, completions: true, tokenize: true };
  it.each(["/v1/chat/completions", "/v1/embeddings", "/v1/completions", "/tokenize"])(
    "%s keeps to limits of bodies and of calls, and to the circuit",
    async (path) => {
      const limited = { maxConcurrent: 1, maxQueued: 0, breakerFailures: 1 };
      const vr = await startInProcess({
        plugins: [first(limited), passthrough(all)],
        http: { bodyBytes: 200, jsonDepth: 4, jsonValues: 20 },
      });
      expect((await at(vr, path, { input: "x".repeat(300) })).status).toBe(413);
      expect((await at(vr, path, { input: [[[[[1]]]]] })).status).toBe(400);
      expect((await at(vr, path, { input: Array(30).fill(1) })).status).toBe(400);
      expect(server.requests).toEqual([]);
      server.reply(() => {}, json({ error: { message: "oh" } }, 500));
      const leaving = new AbortController();
      const body = JSON.stringify({ model: "test-model" });
      const headers = { "content-type": "application/json" };
      const waiting = fetch(`${vr.url}${path}`, { method: "POST", headers, body, signal: leaving.signal });
      const request = await server.received(1);
      expect((await at(vr, path, { model: "test-model" })).status).toBe(429);
      leaving.abort();
      await expect(waiting).rejects.toThrow();
      expect(await request.closed).toBe("aborted");
      expect((await at(vr, path, { model: "test-model" })).status).toBe(502);
      expect((await at(vr, path, { model: "test-model" })).status).toBe(503);
    },
  );

  it("are all named where plugins' taps are passed by", async () => {
    const guard = guardBlocklist({ words: ["forbidden"] });
    const vr = await startInProcess({ plugins: [first(), guard, passthrough({ embeddings: true })] });
    const warnings = vr.log.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(warnings).toEqual([
      "POST /v1/chat/completions, POST /v1/embeddings bypass all hooks: those of guard-blocklist do not run",
    ]);
    server.reply(json({ data: [] }));
    expect((await at(vr, "/v1/embeddings")).headers.get("x-vr-warning")).toContain("guard-blocklist");
  });

  it("tell the parameters by the names that their clients know", async () => {
    server.reply(json({ error: { message: "no", param: "max_tokens", code: 400 } }, 400));
    const vr = await startInProcess({ plugins: [first(), passthrough()] });
    expect(await (await at(vr, "/v1/chat/completions")).json()).toMatchObject({
      error: { param: "max_tokens" },
    });
  });

  it("are none of the shipped set's", () => {
    expect(
      defaults()
        .map(({ name }) => name)
        .join(),
    ).not.toContain("passthrough");
  });
});

describe("chat-passthrough, its former name", () => {
  it("still works, and says in the log what to write instead", async () => {
    const vr = await startInProcess({ plugins: [first(), chatPassthrough({ maxBodyBytes: 1_000 })] });
    const response = await fetch(`${vr.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ask),
    });
    expect(response.status).toBe(200);
    const warnings = vr.log.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(warnings).toEqual([
      expect.stringContaining('import { passthrough } from "vr-gateway/plugins/passthrough"'),
    ]);
  });
});
