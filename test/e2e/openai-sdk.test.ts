import OpenAI from "openai";
import { zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { answer, type ChatServer, chunk, createChatServer, json, stream } from "../helpers/chat-server.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { collectSse } from "../helpers/sse.ts";
import { expectValidItemList, expectValidResponse, expectValidStream } from "../wire/wire.ts";

let demo: Gateway;
let gateway: Gateway;
let server: ChatServer;

beforeAll(async () => {
  server = await createChatServer();
  [demo, gateway] = await Promise.all([startGateway(), startGateway({ env: { VR_UPSTREAM: server.url } })]);
});
afterAll(async () => {
  await Promise.all([demo?.stop(), gateway?.stop()]);
  await server?.close();
});

/** A client whose answers are kept as they came, to be validated. */
function connect(to: Gateway) {
  const answers: Promise<Response>[] = [];
  const openai = new OpenAI({
    baseURL: `${to.url}/v1`,
    apiKey: "dummy",
    maxRetries: 0,
    fetch: async (...call) => {
      const response = await fetch(...call);
      // Read at once: a copy that nobody reads would hold the SDK's own back.
      answers.push(copyOf(response.clone()));
      return response;
    },
  });
  const last = () => answers.at(-1) as Promise<Response>;
  return {
    openai,
    /** The last answer, a stream, validated. */
    streamed: async () => expectValidStream(await collectSse(await last())),
    /** The last answer, a response, validated. */
    whole: async () => expectValidResponse(await (await last()).json()),
    /** The last answer, a list of items, validated. */
    list: async () => expectValidItemList(await (await last()).json()),
  };
}

async function copyOf(response: Response): Promise<Response> {
  return new Response(await response.arrayBuffer(), response);
}

const question = { model: "test-model", input: "Hello?" };

const weather = zodResponsesFunction({
  name: "get_weather",
  description: "Current weather of a city",
  parameters: z.object({ city: z.string() }),
});

describe("responses.create", () => {
  it("answers with a response and its output_text", async () => {
    const { openai, whole } = connect(gateway);
    server.reply(answer({ text: "Hello from the model.", usage: [7, 4] }));
    const response = await openai.responses.create(question);
    expect(response.output_text).toBe("Hello from the model.");
    expect(response.usage).toMatchObject({ input_tokens: 7, output_tokens: 4, total_tokens: 11 });
    expect(response._request_id).toBe(response.id);
    expect((await whole()).status).toBe("completed");
  });

  it("streams with stream: true", async () => {
    const { openai, streamed } = connect(gateway);
    server.reply(answer({ reasoning: "Let me think.", text: "Twelve." }));
    const events = await openai.responses.create({ ...question, stream: true });
    const types: string[] = [];
    for await (const event of events) types.push(event.type);
    expect(types[0]).toBe("response.created");
    expect(types).toContain("response.reasoning_text.delta");
    expect(types.at(-1)).toBe("response.completed");
    expect((await streamed()).output.map((item) => item.type)).toEqual(["reasoning", "message"]);
  });

  it("continues from previous_response_id", async () => {
    const { openai } = connect(demo);
    const first = await openai.responses.create({ model: "demo", input: "My name is Ada." });
    const second = await openai.responses.create({
      model: "demo",
      input: "What is my name?",
      previous_response_id: first.id,
    });
    expect(second.output_text).toContain("Your name is Ada.");
  });

  it("hands the client its function calls and takes their outputs", async () => {
    const { openai, whole } = connect(demo);
    const input = "What is the weather in Paris and Oslo?";
    const first = await openai.responses.create({ model: "demo", input, tools: [weather] });
    await whole();
    const calls = first.output.filter((item) => item.type === "function_call");
    expect(calls.map((call) => JSON.parse(call.arguments).city)).toEqual(["Paris", "Oslo"]);
    const second = await openai.responses.create({
      model: "demo",
      previous_response_id: first.id,
      tools: [weather],
      input: calls.map(({ call_id }, i) => ({
        type: "function_call_output",
        call_id,
        output: `${20 + i} degrees`,
      })),
    });
    expect(second.output_text).toContain("20 degrees");
    expect(second.output_text).toContain("21 degrees");
  });

  it("takes its own output back as input", async () => {
    const { openai } = connect(gateway);
    server.reply(answer({ reasoning: "Hm.", text: "Four." }), answer({ text: "You asked for two and two." }));
    const first = await openai.responses.create({ ...question, store: false });
    const count = server.requests.length;
    await openai.responses.create({
      ...question,
      store: false,
      input: [
        { role: "user", content: "2+2?" },
        ...(first.output as OpenAI.Responses.ResponseInputItem[]),
        { role: "user", content: "What was it?" },
      ],
    });
    const { messages } = (await server.received(count + 1)).body;
    expect(messages.map((message: { role: string }) => message.role)).toEqual(["user", "assistant", "user"]);
    expect(messages[1].content).toBe("Four.");
  });
});

describe("responses.stream", () => {
  it("accumulates the events into the response that the terminal event carries", async () => {
    const { openai, streamed } = connect(gateway);
    server.reply(answer({ reasoning: "I call it twice.", calls: parallelCalls }));
    const events = openai.responses.stream({ ...question, tools: [weather] });
    const calls: unknown[] = [];
    events.on("response.function_call_arguments.done", (event) => calls.push(JSON.parse(event.arguments)));
    let text = "";
    events.on("response.reasoning_text.delta", (event) => {
      text += event.delta;
    });
    const final = await events.finalResponse();
    const sent = await streamed();
    expect(text).toBe("I call it twice.");
    expect(calls).toEqual([{ city: "Oslo" }, { city: "Rome" }]);
    // What the SDK adds of its own is no part of the wire.
    const output = final.output.map((item) => {
      const { parsed_arguments: _, ...wire } = item as unknown as Record<string, unknown>;
      return wire;
    });
    expect(output).toEqual(sent.output);
    expect(final.usage).toEqual(sent.usage);
    expect(final.output[1]).toMatchObject({ parsed_arguments: { city: "Oslo" } });
  });

  it("gives output_text.delta a snapshot that grows to the whole text", async () => {
    const { openai, streamed } = connect(demo);
    const events = openai.responses.stream({ model: "demo", input: "Count to 20" });
    let snapshot = "";
    events.on("response.output_text.delta", (event) => {
      snapshot = event.snapshot;
    });
    const final = await events.finalResponse();
    expect(final.output_text).toBe(snapshot);
    expect(snapshot).toContain("18 19 20");
    await streamed();
  });

  it("parses structured output while it streams", async () => {
    const { openai, streamed } = connect(demo);
    const format = zodTextFormat(z.object({ city: z.string(), population: z.number() }), "city");
    const events = openai.responses.stream({ model: "demo", input: "Oslo, please", text: { format } });
    const final = await events.finalResponse();
    expect(final.output_parsed).toEqual(JSON.parse(final.output_text));
    expect(typeof final.output_parsed?.population).toBe("number");
    await streamed();
  });

  it("ends with the failed response when the upstream breaks off", async () => {
    const { openai, streamed } = connect(gateway);
    server.reply(stream(chunk({ content: "Half a " })));
    const events = await openai.responses.create({ ...question, stream: true });
    let failed: OpenAI.Responses.Response | undefined;
    for await (const event of events) if (event.type === "response.failed") failed = event.response;
    expect(failed?.error?.code).toBe("server_error");
    expect((await streamed()).status).toBe("failed");
  });
});

describe("responses.parse", () => {
  it("parses the text of a json_schema format", async () => {
    const { openai, whole } = connect(demo);
    const schema = z.object({ name: z.string(), tags: z.array(z.string()), ok: z.boolean() });
    const response = await openai.responses.parse({
      model: "demo",
      input: "Describe Oslo",
      text: { format: zodTextFormat(schema, "thing") },
    });
    expect(schema.parse(response.output_parsed)).toEqual(response.output_parsed);
    expect((await whole()).text?.format).toMatchObject({ type: "json_schema", name: "thing", strict: true });
  });

  it("parses the arguments of a function", async () => {
    const { openai } = connect(demo);
    const response = await openai.responses.parse({
      model: "demo",
      input: "What is the weather in Oslo?",
      tools: [weather],
    });
    expect(response.output[0]).toMatchObject({ type: "function_call", parsed_arguments: { city: "Oslo" } });
  });
});

describe("stored responses", () => {
  it("retrieve gives what create gave", async () => {
    const { openai, whole } = connect(gateway);
    server.reply(answer({ text: "Keep this." }));
    const created = await openai.responses.create(question);
    const retrieved = await openai.responses.retrieve(created.id);
    expect(retrieved).toEqual(created);
    await whole();
  });

  it("delete resolves, and the response is gone", async () => {
    const { openai } = connect(gateway);
    server.reply(answer({ text: "Forget this." }));
    const { id } = await openai.responses.create(question);
    // The SDK types the answer as nothing, and returns what the API documents.
    expect(await openai.responses.delete(id)).toMatchObject({ id, object: "response", deleted: true });
    await expect(openai.responses.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(openai.responses.delete(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it("inputItems.list turns pages in both orders", async () => {
    const { openai, list } = connect(gateway);
    server.reply(answer({ text: "All read." }));
    const texts = ["one", "two", "three", "four", "five"];
    const { id } = await openai.responses.create({
      ...question,
      input: texts.map((content) => ({ role: "user" as const, content })),
    });
    const read = async (query: OpenAI.Responses.InputItemListParams) => {
      const seen: string[] = [];
      const pages: number[] = [];
      for await (const page of (await openai.responses.inputItems.list(id, query)).iterPages()) {
        pages.push(page.data.length);
        for (const item of page.data)
          if (item.type === "message" && item.content[0]?.type === "input_text")
            seen.push(item.content[0].text);
      }
      await list();
      return { seen, pages };
    };
    expect(await read({ order: "asc", limit: 2 })).toEqual({ seen: texts, pages: [2, 2, 1] });
    expect(await read({ limit: 3 })).toEqual({ seen: texts.toReversed(), pages: [3, 2] });
  });
});

describe("models", () => {
  it("list and retrieve those of the upstream", async () => {
    const { openai } = connect(gateway);
    const models = await openai.models.list();
    expect(models.data).toEqual([
      { id: "test-model", object: "model", created: 1700000000, owned_by: "test" },
    ]);
    expect((await openai.models.retrieve("test-model")).id).toBe("test-model");
    await expect(openai.models.retrieve("nobody")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe("errors are the SDK's classes", () => {
  const cases = [
    [400, OpenAI.BadRequestError, 400],
    [401, OpenAI.AuthenticationError, 401],
    [403, OpenAI.PermissionDeniedError, 403],
    [404, OpenAI.NotFoundError, 404],
    [422, OpenAI.BadRequestError, 400],
    [500, OpenAI.InternalServerError, 502],
  ] as const;

  it.each(cases)("upstream %i", async (status, expected, shown) => {
    for (const streaming of [false, true]) {
      const { openai } = connect(gateway);
      server.reply(json({ error: { message: "no", type: "x", code: "because" } }, status));
      const error = await thrown(openai.responses.create({ ...question, stream: streaming }));
      expect(error).toBeInstanceOf(expected);
      expect(error).toMatchObject({ status: shown, code: "because" });
    }
  });

  it("429 is a RateLimitError that carries retry-after", async () => {
    const { openai } = connect(gateway);
    server.reply(json({ error: { message: "slow down" } }, 429, { "retry-after": "30" }));
    const error = await thrown(openai.responses.create(question));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after")).toBe("30");
  });

  it("a bad parameter is a BadRequestError that names it", async () => {
    const { openai } = connect(gateway);
    const error = await thrown(openai.responses.create({ ...question, temperature: 9 }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param: "temperature", type: "invalid_request_error" });
  });

  it("an unknown previous_response_id has its code", async () => {
    const { openai } = connect(gateway);
    const error = await thrown(
      openai.responses.create({ ...question, previous_response_id: `resp_${"0".repeat(48)}` }),
    );
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param: "previous_response_id", code: "previous_response_not_found" });
  });
});

describe("leaving", () => {
  it("controller.abort() ends the stream here and upstream", async () => {
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "dummy", maxRetries: 0 });
    server.reply(stream(chunk({ content: "word " }), new Promise(() => {})));
    const count = server.requests.length;
    const events = await openai.responses.create({ ...question, stream: true });
    for await (const event of events)
      if (event.type === "response.output_text.delta") events.controller.abort();
    expect(await (await server.received(count + 1)).closed).toBe("aborted");
  });

  it("breaking out of the loop does the same", async () => {
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "dummy", maxRetries: 0 });
    server.reply(stream(chunk({ content: "word " }), new Promise(() => {})));
    const count = server.requests.length;
    for await (const event of await openai.responses.create({ ...question, stream: true }))
      if (event.type === "response.output_text.delta") break;
    expect(await (await server.received(count + 1)).closed).toBe("aborted");
  });
});

const parallelCalls = [
  { id: "call_a", name: "get_weather", args: { city: "Oslo" } },
  { id: "call_b", name: "get_weather", args: { city: "Rome" } },
];

async function thrown(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
