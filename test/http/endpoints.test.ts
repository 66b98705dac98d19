import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, askStreamed, post, textOf } from "../helpers/ask.ts";
import { answer, type ChatServer, createChatServer, json, plain } from "../helpers/chat-server.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { startInFront } from "../helpers/in-front.ts";
import { collectSse } from "../helpers/sse.ts";
import { tempConfig } from "../helpers/temp-folder.ts";
import {
  expectValidError,
  expectValidItemList,
  expectValidResponse,
  expectValidStream,
} from "../wire/wire.ts";

let server: ChatServer;
let gateway: Gateway;
let stop: (() => Promise<void>) | undefined;
beforeAll(async () => {
  ({ server, gateway, stop } = await startInFront());
});
afterAll(() => stop?.());

const question = { model: "test-model", input: "Hello?" };

async function read(path: string, from: Gateway = gateway) {
  const response = await fetch(from.url + path);
  return { status: response.status, body: await response.json() };
}

describe("GET /health and /ready", () => {
  it("/health says that the process is up", async () => {
    expect(await read("/health")).toEqual({ status: 200, body: { status: "ok" } });
  });

  it("/ready follows the upstream down and up again, while /health stays", async () => {
    const own = await createChatServer();
    const config = tempConfig(`{ plugins: [storeSqlite(), openaiCompatible({ baseUrl: "${own.url}" })] }`);
    const asking = await startGateway({ config });
    expect(await read("/ready", asking)).toMatchObject({
      status: 200,
      body: { status: "ready", upstreams: { "openai-compatible": { ok: true } }, store: { ok: true } },
    });

    own.replyModels(json({ error: { message: "loading the model" } }, 503));
    const down = await read("/ready", asking);
    const failure = { ok: false, error: expect.stringContaining("loading the model") };
    expect(down).toMatchObject({
      status: 503,
      body: { status: "not ready", upstreams: { "openai-compatible": failure } },
    });
    expect((await read("/health", asking)).status).toBe(200);

    own.replyModels(json({ object: "list", data: [] }));
    expect((await read("/ready", asking)).status).toBe(200);

    await own.close();
    const gone = await read("/ready", asking);
    expect(gone.status).toBe(503);
    expect(JSON.stringify(gone.body)).not.toContain("127.0.0.1");
    await asking.stop();
  });

  it("a server that lists no models is ready", async () => {
    const own = await createChatServer();
    own.replyModels(plain("not found", 404));
    const asking = await startGateway({ env: { VR_UPSTREAM: own.url } });
    expect((await read("/ready", asking)).status).toBe(200);
    await asking.stop();
    await own.close();
  });
});

describe("GET /v1/models", () => {
  it("lists the upstream's, and gives one by its id", async () => {
    const model = { id: "test-model", object: "model", created: 1700000000, owned_by: "test" };
    expect(await read("/v1/models")).toEqual({ status: 200, body: { object: "list", data: [model] } });
    expect(await read("/v1/models/test-model")).toEqual({ status: 200, body: model });
  });

  it("takes ids with slashes, escaped or not", async () => {
    const own = await createChatServer();
    own.replyModels(json({ data: [{ id: "meta-llama/Llama-3.2-3B-Instruct" }] }));
    const asking = await startGateway({ env: { VR_UPSTREAM: own.url } });
    for (const id of ["meta-llama/Llama-3.2-3B-Instruct", "meta-llama%2FLlama-3.2-3B-Instruct"])
      expect(await read(`/v1/models/${id}`, asking)).toMatchObject({
        status: 200,
        body: { id: "meta-llama/Llama-3.2-3B-Instruct", object: "model" },
      });
    await asking.stop();
    await own.close();
  });

  it("is an error of the upstream when that cannot be asked", async () => {
    const own = await createChatServer();
    own.replyModels(json({ error: { message: "who are you?" } }, 401));
    const asking = await startGateway({ env: { VR_UPSTREAM: own.url } });
    const { status, body } = await read("/v1/models", asking);
    expect(status).toBe(401);
    expect(expectValidError(body).error.message).toContain("who are you?");
    await asking.stop();
    await own.close();
  });

  it("names the model of requests that name none", async () => {
    server.reply(answer({ text: "ok" }));
    const count = server.requests.length;
    expect((await ask(gateway, { input: "x" })).model).toBe("test-model");
    expect((await server.received(count + 1)).body.model).toBe("test-model");
  });
});

describe("stored responses", () => {
  it("GET gives the response that was sent, streamed or not", async () => {
    server.reply(answer({ reasoning: "Hm.", text: "Stored." }));
    const whole = await ask(gateway, { ...question, metadata: { a: "b" }, instructions: "Be brief." });
    const { response: streamed } = await askStreamed(gateway, question);
    for (const response of [whole, streamed]) {
      const stored = await read(`/v1/responses/${response.id}`);
      expect(stored.status).toBe(200);
      expect(expectValidResponse(stored.body)).toEqual(response);
    }
  });

  it("GET finds a response as soon as its terminal event is out", async () => {
    server.reply(answer({ text: "Now." }));
    const responses = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { response } = await askStreamed(gateway, question);
        return (await read(`/v1/responses/${response.id}`)).status;
      }),
    );
    expect(responses).toEqual(Array(20).fill(200));
  });

  it("store: false keeps nothing", async () => {
    server.reply(answer({ text: "Forget me." }));
    const { id } = await ask(gateway, { ...question, store: false });
    expect((await read(`/v1/responses/${id}`)).status).toBe(404);
  });

  it.each(["include[]=message.output_text.logprobs", "include=reasoning.encrypted_content", ""])(
    "GET takes ?%s",
    async (query) => {
      server.reply(answer({ text: "ok" }));
      const { id } = await ask(gateway, question);
      const { status, body } = await read(`/v1/responses/${id}?${query}`);
      expect(status).toBe(200);
      expect(textOf(expectValidResponse(body))).toBe("ok");
    },
  );

  it("GET refuses an include that does not exist, and streams of responses that are over", async () => {
    server.reply(answer({ text: "ok" }));
    const { id } = await ask(gateway, question);
    const unknown = await read(`/v1/responses/${id}?include[]=everything`);
    expect(unknown.status).toBe(400);
    expect(expectValidError(unknown.body).error.param).toBe("include");
    const again = await read(`/v1/responses/${id}?stream=true`);
    expect(again.status).toBe(400);
    expect(expectValidError(again.body).error.param).toBe("stream");
  });

  it("DELETE forgets a response, once", async () => {
    server.reply(answer({ text: "ok" }));
    const { id } = await ask(gateway, question);
    const path = `${gateway.url}/v1/responses/${id}`;
    const first = await fetch(path, { method: "DELETE" });
    expect(first.status).toBe(200);
    expect(await first.json()).toEqual({ id, object: "response", deleted: true });
    const second = await fetch(path, { method: "DELETE" });
    expect(second.status).toBe(404);
    expectValidError(await second.json());
    expect((await read(`/v1/responses/${id}/input_items`)).status).toBe(404);
    const { status, error } = await refused({ ...question, previous_response_id: id });
    expect([status, error.code]).toEqual([400, "previous_response_not_found"]);
  });
});

async function refused(body: object) {
  const response = await post(gateway, body);
  return { status: response.status, error: expectValidError(await response.json()).error };
}

describe("GET /v1/responses/{id}/input_items", () => {
  const texts = Array.from({ length: 25 }, (_, i) => `item ${i}`);
  let id: string;
  beforeAll(async () => {
    server.reply(answer({ text: "Read." }));
    const input = texts.map((content) => ({ role: "user", content }));
    ({ id } = await ask(gateway, { model: "test-model", input }));
  });

  async function page(query: string) {
    const { status, body } = await read(`/v1/responses/${id}/input_items?${query}`);
    expect(status).toBe(200);
    const list = expectValidItemList(body);
    const said = list.data.map((item) =>
      item.type === "message" && item.content[0]?.type === "input_text" ? item.content[0].text : "?",
    );
    return { said, more: list.has_more, first: list.first_id, last: list.last_id };
  }

  it("gives 20, newest first, unless told otherwise", async () => {
    const { said, more } = await page("");
    expect(said).toEqual(texts.toReversed().slice(0, 20));
    expect(more).toBe(true);
  });

  it("gives as many as limit says, from 1 to 100", async () => {
    expect((await page("order=asc&limit=1")).said).toEqual(["item 0"]);
    expect(await page("order=asc&limit=100")).toMatchObject({ said: texts, more: false });
    expect((await page("order=asc&limit=25")).more).toBe(false);
    expect((await page("order=asc&limit=24")).more).toBe(true);
  });

  it.each(["asc", "desc"])("goes on after an item, order %s", async (order) => {
    const seen: string[] = [];
    let after = "";
    for (let more = true; more; ) {
      const next = await page(`order=${order}&limit=10${after}`);
      seen.push(...next.said);
      after = `&after=${next.last}`;
      more = next.more;
    }
    expect(seen).toEqual(order === "asc" ? texts : texts.toReversed());
  });

  it("stops before an item", async () => {
    const { first } = await page(`order=asc&limit=1&after=${(await page("order=asc&limit=3")).last}`);
    expect((await page(`order=asc&before=${first}`)).said).toEqual(texts.slice(0, 3));
  });

  it("after the last item there is nothing", async () => {
    const { last } = await page("order=asc&limit=100");
    expect(await page(`order=asc&after=${last}`)).toEqual({ said: [], more: false, first: "", last: "" });
  });

  it.each([
    ["limit=0", 400, "limit"],
    ["limit=101", 400, "limit"],
    ["limit=ten", 400, "limit"],
    ["limit=1.5", 400, "limit"],
    ["order=up", 400, "order"],
    ["after=msg_unknown", 404, "after"],
    ["before=msg_unknown", 404, "before"],
  ])("?%s: %i that names it", async (query, status, param) => {
    const answered = await read(`/v1/responses/${id}/input_items?${query}`);
    expect(answered.status).toBe(status);
    expect(expectValidError(answered.body).error.param).toBe(param);
  });

  it("gives items of every kind with their ids, and only those of this request", async () => {
    server.reply(answer({ calls: [{ id: "call_x", name: "f", args: {} }] }), answer({ text: "Done." }));
    const tools = [{ type: "function", name: "f", parameters: { type: "object", properties: {} } }];
    const first = await ask(gateway, { ...question, tools });
    const second = await ask(gateway, {
      previous_response_id: first.id,
      tools,
      input: [
        { type: "function_call_output", call_id: "call_x", output: "5" },
        {
          id: "msg_mine",
          role: "user",
          content: [
            { type: "input_text", text: "and?" },
            { type: "input_image", image_url: "data:image/png;base64,AA==" },
          ],
        },
      ],
    });
    const { body } = await read(`/v1/responses/${second.id}/input_items?order=asc`);
    const { data } = expectValidItemList(body);
    expect(data.map((item) => item.type)).toEqual(["function_call_output", "message"]);
    expect(data[0]).toMatchObject({ call_id: "call_x", output: "5", status: "completed" });
    expect(data[1]).toMatchObject({ id: "msg_mine" });
  });

  it("has ids that item_reference takes", async () => {
    server.reply(answer({ text: "Read." }));
    const { first } = await page("order=asc&limit=1");
    const count = server.requests.length;
    await ask(gateway, { model: "test-model", input: [{ type: "item_reference", id: first }] });
    const { messages } = (await server.received(count + 1)).body;
    expect(JSON.stringify(messages)).toContain("item 0");
  });
});

describe("stream_options.include_obfuscation", () => {
  it.each([
    [true, true],
    [false, false],
    [undefined, false],
  ])("%s: padding is there: %s", async (include_obfuscation, padded) => {
    server.reply(answer({ reasoning: "Hm, hm.", text: "Some words of text." }));
    const stream_options = include_obfuscation === undefined ? undefined : { include_obfuscation };
    const { events } = await askStreamed(gateway, { ...question, stream_options });
    const sent = events.filter((event) => "delta" in event) as unknown as {
      delta: string;
      obfuscation?: string;
    }[];
    expect(sent.length).toBeGreaterThanOrEqual(2);
    for (const { delta, obfuscation } of sent) {
      if (padded) expect((delta.length + (obfuscation?.length ?? 0)) % 16).toBe(0);
      else expect(obfuscation).toBeUndefined();
    }
  });
});

describe("reasoningEvents", () => {
  it.each([
    ["openai", "response.reasoning_text.delta", "response.reasoning_text.done"],
    ["open-responses", "response.reasoning.delta", "response.reasoning.done"],
  ])('"%s" names them %s and %s', async (names, delta, done) => {
    const config = tempConfig(`{ plugins: [storeSqlite()], reasoningEvents: "${names}" }`);
    const own = await startGateway({ config, env: { VR_UPSTREAM: server.url } });
    server.reply(answer({ reasoning: "Let me see.", text: "Yes." }));
    const events = await collectSse(await post(own, { ...question, stream: true }));
    expectValidStream(events);
    const seen = new Set(events.map((event) => event.type).filter((type) => type.includes("reasoning")));
    expect([...seen]).toEqual([delta, done]);
    await own.stop();
  });
});
