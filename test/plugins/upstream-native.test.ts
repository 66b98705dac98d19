import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ModelChunk, textsOf, type wire } from "../../core/index.ts";
import { demo } from "../../plugins/demo/index.ts";
import { guardBlocklist } from "../../plugins/guard-blocklist/index.ts";
import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import {
  answer,
  type ChatServer,
  createChatServer,
  fixtureBytes,
  json,
  LATER,
  plain,
  stream,
} from "../helpers/chat-server.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { clock, clockTool, nativeAt } from "../helpers/native.ts";
import { message, says, thought } from "../helpers/responses-says.ts";
import { recorded, recordedEvents, recordedResponse } from "../helpers/responses-server.ts";

let server: ChatServer;
beforeEach(async () => {
  server = await createChatServer();
});
afterEach(() => server.close());

const native = (options: object = {}) => nativeAt(server, options);
const ENCRYPTED = "reasoning.encrypted_content";
/** The body that the server was sent with its n-th request. */
function sent<T = Record<string, unknown>>(n: number): T {
  const request = server.requests[n];
  if (!request) throw new Error(`the server has had no request ${n}`);
  return request.body as T;
}

/** What the server begins with; the rest comes later: the client's stream is open by then. */
const opened = () =>
  [
    fixtureBytes("responses/openai-failed").subarray(0, endOfFrames("responses/openai-failed", 2)),
    { type: "response.output_item.added", output_index: 0, item: thought("rs_1") },
    LATER,
  ] as const;

/** Where the n-th frame of a recorded stream ends. */
function endOfFrames(name: string, n: number): number {
  const bytes = fixtureBytes(name);
  let end = 0;
  for (let i = 0; i < n; i++) end = bytes.indexOf("\n\n", end) + 2;
  return end;
}

/** Both ways ask once each: each needs an answer. */
const replyTwice = (name: string) => server.reply(recorded(name), recorded(name));

describe("items of an upstream that speaks the Responses API", () => {
  it.each(["reasoning", "calls", "search", "refusal"])("pass whole, ids and all: %s", async (name) => {
    replyTwice(`responses/openai-${name}`);
    const { response } = await bothWays(() => ({ plugins: [native()] }), {
      include: [ENCRYPTED],
      tools: [clock, { type: "web_search" }],
    });
    expect(response.status).toBe("completed");
    expect(response.output).toEqual(recordedResponse(`responses/openai-${name}`).output);
  });

  it("stream as the server streams them, with numbers and places of the gateway's own", async () => {
    server.reply(recorded("responses/openai-reasoning"));
    const vr = await startInProcess({ plugins: [native()] });
    const { types, events } = await vr.stream({ include: [ENCRYPTED] });
    expect(types.slice(2, 8)).toEqual([
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
    ]);
    const deltas = events.flatMap((event) =>
      event.type === "response.reasoning_summary_text.delta" ? [[event.summary_index, event.delta]] : [],
    );
    expect(deltas).toEqual([
      [0, "**Counting"],
      [0, " the words**\n\n"],
      [0, "There are five."],
      [1, "**Answering**\n\n"],
      [1, "I say it."],
    ]);
    expect(events.some((event) => "obfuscation" in event)).toBe(false);
  });

  it("keep what a message says of itself, from its opening on", async () => {
    server.reply(recorded("responses/openai-reasoning"));
    const vr = await startInProcess({ plugins: [native()] });
    const { events } = await vr.stream();
    const opened = events.flatMap((event) =>
      event.type === "response.output_item.added" ? [event.item] : [],
    );
    expect(opened[1]).toMatchObject({ id: "msg_68aa1c0f6d2c8197b1f2", phase: "final_answer", content: [] });
  });

  it("hide encrypted reasoning from who did not ask for it, live and stored, but not from GET with include", async () => {
    replyTwice("responses/openai-reasoning");
    const { response, events, vr } = await bothWays(() => ({ plugins: [native()] }));
    expect(JSON.stringify(events)).not.toContain("gAAAA");
    expect(JSON.stringify((await vr.get(response.id)).response)).not.toContain("gAAAA");
    const more = await fetch(`${vr.url}/v1/responses/${response.id}?include[]=${ENCRYPTED}`);
    expect(await more.text()).toContain("gAAAA");
  });

  it("end the response as the server's ended: usage, and incomplete with its reason", async () => {
    replyTwice("responses/openai-incomplete");
    const { response } = await bothWays(() => ({ plugins: [native()] }));
    expect(response.status).toBe("incomplete");
    expect(response.incomplete_details).toEqual({ reason: "max_output_tokens" });
    expect(response.output).toEqual(recordedResponse("responses/openai-incomplete").output);
    expect(response.usage).toMatchObject({ input_tokens: 9, output_tokens: 3 });
  });
});

describe("state", () => {
  it("is the gateway's: nothing is kept upstream, nothing is continued there", async () => {
    server.reply(recorded("responses/openai-reasoning"), recorded("responses/openai-refusal"));
    const vr = await startInProcess({ plugins: [native()] });
    const { response } = await vr.post({ input: "What time is it?" });
    await vr.post({ input: "And now?", previous_response_id: response.id });
    const [first, second] = server.requests.map(({ body }) => body as Record<string, unknown>);
    expect(server.requests[0]?.path).toBe("/v1/responses");
    for (const body of [first, second]) {
      expect(body).toMatchObject({ store: false });
      expect(body?.include).toContain(ENCRYPTED);
      expect(body).not.toHaveProperty("previous_response_id");
    }
    expect(second?.input).toEqual([
      { type: "message", role: "user", content: [{ type: "input_text", text: "What time is it?" }] },
      ...recordedResponse("responses/openai-reasoning").output,
      { type: "message", role: "user", content: [{ type: "input_text", text: "And now?" }] },
    ]);
  });

  it("brings encrypted reasoning back with the calls of a tool that the gateway runs", async () => {
    server.reply(recorded("responses/openai-calls"), recorded("responses/openai-refusal"));
    const vr = await startInProcess({ plugins: [native(), clockTool()] });
    const { response } = await vr.stream({ input: "What time is it?" });
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "mcp_call", "mcp_call", "message"]);
    const [, reasoning, ...calls] = sent<{ input: object[] }>(1).input;
    expect(reasoning).toEqual(recordedResponse("responses/openai-calls").output[0]);
    expect(calls).toEqual([
      { type: "function_call", call_id: "call_GcLoCk1", name: "clock", arguments: '{"zone":"UTC"}' },
      { type: "function_call_output", call_id: "call_GcLoCk1", output: "noon" },
      { type: "function_call", call_id: "call_GcLoCk2", name: "clock", arguments: '{"zone":"CET"}' },
      { type: "function_call_output", call_id: "call_GcLoCk2", output: "noon" },
    ]);
  });

  it("sends back what the client keeps itself: encrypted reasoning, calls and outputs, with their ids", async () => {
    server.reply(recorded("responses/openai-refusal"));
    const vr = await startInProcess({ plugins: [native()] });
    const { output } = recordedResponse("responses/openai-calls");
    const outputs = ["call_GcLoCk1", "call_GcLoCk2"].map((call_id) => ({
      type: "function_call_output",
      call_id,
      output: "noon",
    }));
    await vr.post({ store: false, input: [{ role: "user", content: "Time?" }, ...output, ...outputs] });
    const { input } = sent<{ input: object[] }>(0);
    expect(input.slice(1)).toEqual([...output, ...outputs]);
  });

  it("finds items that a client refers to by the ids that the server gave", async () => {
    server.reply(recorded("responses/openai-calls"), recorded("responses/openai-refusal"));
    const vr = await startInProcess({ plugins: [native()] });
    await vr.post({ input: "What time is it?", tools: [clock] });
    const [reasoning, call, other] = recordedResponse("responses/openai-calls").output as { id: string }[];
    const outputs = ["call_GcLoCk1", "call_GcLoCk2"].map((call_id) => ({
      type: "function_call_output",
      call_id,
      output: "noon",
    }));
    const references = [reasoning, call, other].map((item) => ({ type: "item_reference", id: item?.id }));
    const { status } = await vr.post({
      input: [{ role: "user", content: "Time?" }, ...references, ...outputs],
    });
    expect(status).toBe(200);
    expect(sent<{ input: object[] }>(1).input.slice(1)).toEqual([reasoning, call, other, ...outputs]);
    const unknown = await vr.post({ input: [{ type: "item_reference", id: "rs_unknown" }] });
    expect(unknown.error).toMatchObject({ code: "item_not_found", param: "input[0].id" });
  });

  it("gives the items of its own hosted tools back to it, and to no other server", async () => {
    server.reply(recorded("responses/openai-search"), recorded("responses/openai-refusal"));
    const chat = openaiCompatible({ name: "chat", baseUrl: server.url, retries: 0 });
    const routes = [{ model: "chat", to: "chat" }];
    const vr = await startInProcess({ plugins: [native({ name: "native" }), chat], routes });
    const { response } = await vr.post({
      tools: [{ type: "web_search" }],
      include: ["web_search_call.action.sources"],
    });
    await vr.post({ input: "Sure?", previous_response_id: response.id });
    expect(sent(0)).toMatchObject({ tools: [{ type: "web_search" }] });
    expect(sent<{ include: string[] }>(0).include).toContain("web_search_call.action.sources");
    const { input } = sent<{ input: object[] }>(1);
    expect(input).toContainEqual(recordedResponse("responses/openai-search").output[0]);

    server.reply(answer({ text: "Yes." }));
    const { headers } = await vr.post({ model: "chat", input: "Sure?", previous_response_id: response.id });
    expect(headers.get("x-vr-warning")).toContain("calls of hosted tools in the conversation were left out");
    const { messages } = sent<{ messages: { role: string; content: string }[] }>(2);
    expect(messages.map(({ content }) => content)).toEqual([
      "hello",
      "Paris is the capital of France.",
      "Sure?",
    ]);
  });
});

describe("guardrails", () => {
  /** All chunks of a turn by type, text joined. */
  async function seen(name: string): Promise<Record<string, string>> {
    const words: Record<string, string> = {};
    const observer = plugin("observer", (vr) =>
      vr.hooks.onChunk.tap((chunk: ModelChunk) => {
        const text = "text" in chunk ? chunk.text : "delta" in chunk ? chunk.delta : undefined;
        if (text !== undefined) words[chunk.type] = (words[chunk.type] ?? "") + text;
        if (chunk.type === "item") expect(textsOf(chunk.item)).toEqual([]);
      }),
    );
    server.reply(recorded(name));
    const vr = await startInProcess({ plugins: [native(), observer] });
    await vr.stream({ tools: [clock] });
    return words;
  }

  it("see text, reasoning, refusals and arguments as ordinary chunks, and nowhere else", async () => {
    expect(await seen("responses/openai-reasoning")).toEqual({
      reasoning: "**Counting the words**\n\nThere are five.**Answering**\n\nI say it.",
      text: "Noon is at twelve.",
    });
    expect(await seen("responses/openai-calls")).toEqual({
      reasoning: "**Checking the clock**",
      tool_arguments: '{"zone":"UTC"}{"zone":"CET"}',
    });
    expect(await seen("responses/openai-refusal")).toEqual({ refusal: "I cannot help with that." });
  });

  it("stop within an item of the server's, which closes as cut off and says no more", async () => {
    replyTwice("responses/openai-reasoning");
    const { response, events } = await bothWays(() => ({
      plugins: [native(), guardBlocklist({ words: ["is at"] })],
    }));
    expect(response.status).toBe("incomplete");
    expect(response.incomplete_details).toEqual({ reason: "content_filter" });
    expect(response.output.at(-1)).toMatchObject({
      id: "msg_68aa1c0f6d2c8197b1f2",
      status: "incomplete",
      content: [{ type: "output_text", text: "Noon " }],
    });
    expect(JSON.stringify(events)).not.toContain("twelve");
  });

  it("change what the final item says with what they change in its chunks", async () => {
    const shout = plugin("shout", (vr) =>
      vr.hooks.onChunk.tap((chunk) =>
        chunk.type === "text" ? { ...chunk, text: chunk.text.toUpperCase() } : undefined,
      ),
    );
    replyTwice("responses/openai-reasoning");
    const { response } = await bothWays(() => ({ plugins: [native(), shout] }));
    expect(response.output.at(-1)).toMatchObject({
      status: "completed",
      phase: "final_answer",
      content: [{ text: "NOON IS AT TWELVE." }],
    });
  });

  it("may drop the chunks around the words: the words still make an item", async () => {
    const dropItems = plugin("drop", (vr) =>
      vr.hooks.onChunk.tap((chunk) =>
        chunk.type === "part" || (chunk.type === "item" && chunk.stage === "added") ? [] : undefined,
      ),
    );
    replyTwice("responses/openai-refusal");
    const { response } = await bothWays(() => ({ plugins: [native(), dropItems] }));
    expect(response.output.filter((item) => item.type === "message")).toHaveLength(1);
    expect(JSON.stringify(response.output)).toContain("I cannot help with that.");
  });

  it("may speak within the server's reasoning: that ends there, without the seal of what was not whole", async () => {
    const remark = plugin("remark", (vr) =>
      vr.hooks.onChunk.tap((chunk, turn) => {
        const said = turn.state("remark", () => ({ once: false }));
        if (chunk.type !== "reasoning" || said.once) return undefined;
        said.once = true;
        return [chunk, { type: "text", text: "One moment." }];
      }),
    );
    server.reply(says(thought("rs_1", "First.", "Second."), message("msg_1", "Noon.")));
    const vr = await startInProcess({ plugins: [native(), remark] });
    const { response } = await vr.stream({ include: [ENCRYPTED] });
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message", "reasoning", "message"]);
    expect(response.output[0]).toMatchObject({ id: "rs_1", summary: [{ text: "First." }] });
    expect(response.output[0]).not.toHaveProperty("encrypted_content");
  });

  it("annotate the message at its end, and see each item once, whole", async () => {
    const items: wire.OutputItem[] = [];
    const cite = plugin("cite", (vr) =>
      vr.hooks.onOutputItem.tap((item) => {
        items.push(item);
        if (item.type !== "message") return undefined;
        const [part] = item.content;
        if (part?.type !== "output_text") return undefined;
        const annotation: wire.Annotation = {
          type: "url_citation",
          url: "https://example.org",
          title: "t",
          start_index: 0,
          end_index: 1,
        };
        return { ...item, content: [{ ...part, annotations: [...part.annotations, annotation] }] };
      }),
    );
    server.reply(recorded("responses/openai-reasoning"));
    const vr = await startInProcess({ plugins: [native(), cite] });
    const { response, types } = await vr.stream();
    expect(items.map(({ id }) => id)).toEqual(["rs_68aa1c0f6d2c8197b1f1", "msg_68aa1c0f6d2c8197b1f2"]);
    expect(types).toContain("response.output_text.annotation.added");
    expect(response.output.at(-1)).toMatchObject({
      content: [{ annotations: [{ url: "https://example.org" }] }],
    });
  });
});

describe("a model call", () => {
  it("asks for what the client asked, in the API's own words", async () => {
    server.reply(recorded("responses/openai-refusal"));
    const vr = await startInProcess({
      plugins: [native({ quirks: { passthrough: ["metadata", "safety_identifier", "prompt_cache_key"] } })],
    });
    const { headers } = await vr.post({
      model: "gpt-5.1",
      instructions: "Be brief.",
      tools: [clock, { type: "web_search", search_context_size: "low" }, { type: "image_generation" }],
      tool_choice: { type: "web_search_preview" },
      parallel_tool_calls: false,
      max_output_tokens: 100,
      max_tool_calls: 3,
      temperature: 0.2,
      top_p: 0.9,
      top_logprobs: 2,
      reasoning: { effort: "low", summary: "auto" },
      text: { verbosity: "low", format: { type: "json_schema", name: "a", schema: { type: "object" } } },
      metadata: { a: "b" },
      safety_identifier: "user-1",
      prompt_cache_key: "k",
      frequency_penalty: 0.5,
    });
    expect(sent(0)).toMatchObject({
      model: "gpt-5.1",
      instructions: "Be brief.",
      store: false,
      tools: [
        { type: "function", name: "clock", strict: false },
        { type: "web_search", search_context_size: "low" },
        { type: "image_generation" },
      ],
      tool_choice: { type: "web_search_preview" },
      parallel_tool_calls: false,
      max_output_tokens: 100,
      max_tool_calls: 3,
      temperature: 0.2,
      top_p: 0.9,
      top_logprobs: 2,
      reasoning: { effort: "low", summary: "auto" },
      text: { verbosity: "low", format: { type: "json_schema", name: "a" } },
      metadata: { a: "b" },
      safety_identifier: "user-1",
      prompt_cache_key: "k",
    });
    expect(sent(0)).not.toHaveProperty("frequency_penalty");
    expect(headers.get("x-vr-warning")).toContain("frequency_penalty");
  });

  it.each([
    ["gpt-5.1", [ENCRYPTED]],
    ["o4-mini", [ENCRYPTED]],
    ["some-model", [ENCRYPTED]],
    ["gpt-4o-mini", []],
    ["ft:gpt-4.1:org::1", []],
    ["gpt-5-chat-latest", []],
  ])("asks for encrypted reasoning where the API does not refuse that: %s", async (model, include) => {
    server.reply(recorded("responses/openai-refusal"));
    const vr = await startInProcess({ plugins: [native()] });
    await vr.post({ model, include: [ENCRYPTED] });
    expect(sent(0).include).toEqual(include);
  });

  it.each([
    [
      "another deployment has sealed",
      { code: "invalid_encrypted_content", message: "could not be verified" },
      true,
    ],
    ["its model does not have", { message: "Encrypted content is not supported with this model." }, false],
  ])("is made again without encrypted reasoning that %s, and says so", async (_, error, stillAsked) => {
    server.reply(
      json({ error: { type: "invalid_request_error", ...error } }, 400),
      recorded("responses/openai-refusal"),
    );
    const vr = await startInProcess({ plugins: [native()] });
    const { output } = recordedResponse("responses/openai-reasoning");
    const { status, headers } = await vr.post({
      input: [{ role: "user", content: "Hi" }, ...output, { role: "user", content: "So?" }],
    });
    expect(status).toBe(200);
    expect(headers.get("x-vr-warning")).toContain("encrypted reasoning");
    expect(sent<{ input: object[] }>(0).input).toContainEqual(output[0]);
    expect(sent<{ input: object[] }>(1).input.slice(1, 2)).toEqual([output[1]]);
    expect(sent<{ include: string[] }>(1).include.includes(ENCRYPTED)).toBe(stillAsked);
  });

  it("is made again once only: a refusal that stands is the client's", async () => {
    const refusal = json({ error: { message: "Encrypted content is not supported with this model." } }, 400);
    server.reply(refusal, refusal, recorded("responses/openai-refusal"));
    const vr = await startInProcess({ plugins: [native()] });
    expect((await vr.post({ model: "some-model" })).status).toBe(400);
    expect(server.requests).toHaveLength(2);
  });

  it("is made again without images of tool outputs where the model takes none, and they are left out from then on", async () => {
    server.reply(
      json({ error: { message: "test-model is not a multimodal model", code: 400 } }, 400),
      recorded("responses/openai-refusal"),
    );
    const vr = await startInProcess({ plugins: [native()] });
    const image = (data: string) => ({ type: "input_image", image_url: `data:image/png;base64,${data}` });
    const input = [
      { role: "user", content: [image("BB==")] },
      { type: "function_call", call_id: "call_0", name: "plot", arguments: "{}" },
      { type: "function_call_output", call_id: "call_0", output: [image("AA==")] },
    ];
    const first = await vr.post({ model: "test-model", input });
    expect([first.status, first.headers.get("x-vr-warning")]).toEqual([
      200,
      expect.stringContaining("images in tool outputs"),
    ]);
    await vr.post({ model: "test-model", input });
    const [refused, again, next] = server.requests.map(({ body }) => body.input);
    expect(refused[2].output).toMatchObject([image("AA==")]);
    for (const asked of [again, next]) {
      expect(asked[0]).toEqual(refused[0]);
      expect(asked[2].output).toEqual([
        { type: "input_text", text: "[image/png, not shown: this model takes no images]" },
      ]);
    }
    expect(server.requests).toHaveLength(3);
  });

  it("is made again without what it refuses one after the other", async () => {
    server.reply(
      json({ error: { code: "invalid_encrypted_content", message: "could not be verified" } }, 400),
      json({ error: { message: "image input is not supported" } }, 500),
      recorded("responses/openai-refusal"),
    );
    const vr = await startInProcess({ plugins: [native()] });
    const { output } = recordedResponse("responses/openai-reasoning");
    const image = { type: "input_image", image_url: "data:image/png;base64,AA==" };
    const call = { type: "function_call", call_id: "call_0", name: "plot", arguments: "{}" };
    const plotted = { type: "function_call_output", call_id: "call_0", output: [image] };
    const { status } = await vr.post({ input: [{ role: "user", content: "Hi" }, ...output, call, plotted] });
    expect(status).toBe(200);
    const last = server.requests[2]?.raw;
    expect(server.requests[0]?.raw).toContain('encrypted_content":');
    expect(last).not.toContain('encrypted_content":');
    expect(last).not.toContain("AA==");
  });

  it("leaves out reasoning that is not encrypted where the server would look it up, and ids of the gateway's own", async () => {
    server.reply(recorded("responses/openai-refusal"));
    const vr = await startInProcess({ plugins: [native({ quirks: { sendReasoning: "never" } })] });
    const digits = "0".repeat(48);
    await vr.post({
      input: [
        { role: "user", content: "Hi" },
        { type: "reasoning", id: "rs_68aa", summary: [{ type: "summary_text", text: "hm" }] },
        {
          type: "message",
          id: `msg_${digits}0001`,
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "Hello.", annotations: [] }],
        },
        { role: "user", content: "Again" },
      ],
    });
    const { input } = sent<{ input: Record<string, unknown>[] }>(0);
    expect(input.map(({ type }) => type)).toEqual(["message", "message", "message"]);
    expect(input[1]).not.toHaveProperty("id");
  });
});

describe("hosted items that come whole", () => {
  const items = [
    { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "noon" } },
    { type: "file_search_call", id: "fs_1", status: "completed", queries: ["noon"] },
    { type: "image_generation_call", id: "ig_1", status: "completed", result: "aGk=" },
    {
      type: "code_interpreter_call",
      id: "ci_1",
      status: "completed",
      code: "print(12)",
      container_id: "cntr_1",
      outputs: [{ type: "logs", logs: "12" }],
    },
    { type: "web_search_call", id: "ws_2", status: "failed", action: { type: "search", query: "noon" } },
  ];

  it.each([
    [
      "with the answer",
      () => stream({ type: "response.completed", response: { status: "completed", output: items } }),
    ],
    [
      "one by one",
      () =>
        stream(
          ...items.map((item, output_index) => ({ type: "response.output_item.done", output_index, item })),
          { type: "response.completed", response: { status: "completed", output: items } },
        ),
    ],
  ])("open and go through their events as if they had streamed: %s", async (_, script) => {
    server.reply(script());
    const vr = await startInProcess({ plugins: [native()] });
    const { response, types } = await vr.stream({ include: ["code_interpreter_call.outputs"] });
    expect(response.output).toEqual(items);
    expect(types).toContain("response.image_generation_call.completed");
    expect(types.filter((type) => type === "response.web_search_call.completed")).toHaveLength(1);
  });

  it("open as begun although a plugin has dropped their opening", async () => {
    server.reply(recorded("responses/openai-search"));
    const drop = plugin("drop", (vr) =>
      vr.hooks.onChunk.tap((chunk) => (chunk.type === "item" && chunk.stage === "added" ? [] : undefined)),
    );
    const vr = await startInProcess({ plugins: [native(), drop] });
    const open = await vr.open();
    const { item } = await open.until("response.output_item.added");
    expect(item).toMatchObject({ type: "web_search_call", status: "in_progress" });
    open.leave();
  });
});

describe("bad days", () => {
  it("a message whose content is a plain string keeps its words", async () => {
    const output = [
      { type: "message", id: "msg_1", role: "assistant", status: "completed", content: "Noon." },
    ];
    const script = () => json({ status: "completed", output });
    server.reply(script(), stream({ type: "response.completed", response: { status: "completed", output } }));
    const { response } = await bothWays(() => ({ plugins: [native()] }));
    expect(wordsOf(response.output)).toBe("Noon.");
  });

  it.each([
    [
      "breaks off",
      () =>
        stream(
          ...opened(),
          fixtureBytes("responses/openai-calls").subarray(2000, endOfFrames("responses/openai-calls", 7)),
        ),
    ],
    ["ends after its opening", () => stream(...opened())],
    ["says [DONE] without an end", () => stream(...opened(), "data: [DONE]\n\n")],
    ["sends what is no JSON", () => stream(...opened(), "data: {oops\n\n")],
    [
      "sends an event that makes no sense",
      () => stream(...opened(), { type: "response.output_item.added", output_index: 1 }),
    ],
  ])("a stream that %s: exactly one terminal event", async (_, script) => {
    server.reply(script());
    const vr = await startInProcess({ plugins: [native()] });
    const { response } = await vr.stream();
    expect(response.status).toBe("failed");
    expect(response.error?.code).toBe("server_error");
  });

  it("a stream that is cut within an event: what came of it is shown to nobody, as no guardrail saw it", async () => {
    const bytes = fixtureBytes("responses/openai-refusal");
    const cut = bytes.subarray(0, bytes.indexOf("cannot", bytes.indexOf('"delta"')) + 3);
    server.reply(stream(cut));
    const vr = await startInProcess({ plugins: [native(), guardBlocklist({ words: ["can"] })] });
    const { response, events } = await vr.stream();
    expect(response.status).toBe("failed");
    expect(JSON.stringify(events)).not.toContain("can");
  });

  it("response.failed is a failure with the server's reason", async () => {
    const failed = recordedEvents("responses/openai-failed").slice(2);
    server.reply(stream(...opened(), ...failed));
    const vr = await startInProcess({ plugins: [native()] });
    const { response } = await vr.stream();
    expect(response.error).toMatchObject({ code: "rate_limit_exceeded" });
    server.reply(json(recordedResponse("responses/openai-failed")));
    expect((await vr.post()).status).toBe(429);
  });

  it.each([401, 403, 404, 429])("%i keeps its meaning, and no secret comes along", async (status) => {
    server.reply(
      json(
        { error: { message: "Incorrect API key provided: sk-abcdef123456.", type: "x", code: null } },
        status,
      ),
    );
    const vr = await startInProcess({ plugins: [native({ apiKey: "sk-abcdef123456" })] });
    const { error, status: answered } = await vr.post();
    expect(answered).toBe(status);
    expect(error.message).not.toContain("abcdef");
  });

  it("an HTML page is no answer", async () => {
    server.reply(plain("<html>", 200, { "content-type": "text/html" }));
    const vr = await startInProcess({ plugins: [native()] });
    const { status, error } = await vr.post();
    expect(status).toBe(502);
    expect(error.message).toContain("HTML");
  });

  it("a server that streams nothing but its end is read from that", async () => {
    const response = recordedResponse("responses/openai-reasoning");
    server.reply(stream({ type: "response.completed", sequence_number: 0, response }));
    const vr = await startInProcess({ plugins: [native()] });
    const answer = await vr.stream({ include: [ENCRYPTED] });
    expect(answer.response.output).toEqual(response.output);
  });

  it("interleaved text items are told one after the other", async () => {
    const at = (output_index: number) => ({ item_id: `msg_${output_index}`, output_index, content_index: 0 });
    const message = (i: number, status: string, content: object[] = []) => ({
      id: `msg_${i}`,
      type: "message",
      role: "assistant",
      status,
      content,
    });
    const part = (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] });
    const delta = (i: number, text: string) => ({
      type: "response.output_text.delta",
      ...at(i),
      delta: text,
      logprobs: [],
    });
    const done = [0, 1].map((i) => message(i, "completed", [part(i === 0 ? "ab" : "cd")]));
    server.reply(
      stream(
        ...[0, 1].map((i) => ({
          type: "response.output_item.added",
          output_index: i,
          item: message(i, "in_progress"),
        })),
        ...[0, 1].map((i) => ({ type: "response.content_part.added", ...at(i), part: part("") })),
        delta(0, "a"),
        delta(1, "c"),
        delta(1, "d"),
        { type: "response.output_item.done", output_index: 1, item: done[1] },
        delta(0, "b"),
        { type: "response.output_item.done", output_index: 0, item: done[0] },
        { type: "response.completed", response: { status: "completed", output: done, usage: null } },
      ),
    );
    const vr = await startInProcess({ plugins: [native()] });
    expect((await vr.stream()).response.output).toEqual(done);
  });
});

describe("OpenAI's own SDK", () => {
  it.each(["reasoning", "calls", "search", "refusal"])(
    "builds the very items from the stream: %s",
    async (name) => {
      server.reply(recorded(`responses/openai-${name}`));
      const vr = await startInProcess({ plugins: [native()] });
      const client = new OpenAI({ baseURL: `${vr.url}/v1`, apiKey: "none", maxRetries: 0 });
      const stream = client.responses.stream({
        model: "gpt-5.1",
        input: "hi",
        tools: [{ ...clock, type: "function", strict: null }],
        include: [ENCRYPTED],
      });
      const { output } = await stream.finalResponse();
      // Beside what came over the wire the SDK adds what it has parsed.
      expect(output).toMatchObject(recordedResponse(`responses/openai-${name}`).output);
    },
  );
});

describe("a gateway in front of a gateway", () => {
  it("is a native upstream like any other: text, reasoning, calls, history", async () => {
    const inner = await startInProcess({ plugins: [demo({ delayMs: 0 })] });
    const outer = await startInProcess({
      plugins: [openaiCompatible({ baseUrl: inner.url, api: "responses" }), clockTool("get_clock")],
    });
    const { response } = await outer.stream({ input: "My name is Ada.", reasoning: { effort: "low" } });
    expect(response.output.map(({ type }) => type)).toContain("reasoning");
    const passed = await inner.get(response.output[0]?.id?.replace(/^rs_(.{48}).*/, "resp_$1") ?? "");
    expect(passed.status).toBe(404); // asked with store: false
    const next = await outer.stream({ input: "What is my name?", previous_response_id: response.id });
    expect(wordsOf(next.response.output)).toContain("Ada");
    const called = await outer.stream({
      input: "Call get_clock.",
      tool_choice: { type: "mcp", server_label: "clock" },
    });
    expect(called.response.output.map(({ type }) => type)).toContain("mcp_call");
    expect(called.response.status).toBe("completed");
  });
});
