import { describe, expect, it, onTestFinished } from "vitest";
import { type ModelChunk, type Upstream, UpstreamError } from "../../core/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { createChatServer, json, stream } from "../helpers/chat-server.ts";
import { finish, text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { nativeAt } from "../helpers/native.ts";
import { added, called, done, ended, message, responseOf, thought, told } from "../helpers/responses-says.ts";
import { scripted } from "../helpers/scripted.ts";

/** The plugin `mine`, whose upstream `my-server` streams so. */
const mine = (stream: (...args: Parameters<Upstream["stream"]>) => unknown) =>
  plugin("mine", (vr) =>
    vr.upstreams.add({
      name: "my-server",
      description: "a test's",
      stream: stream as Upstream["stream"],
      models: async () => [],
      defaultModel: () => "m",
    }),
  );

/** One that yields these, one after the other. */
const yielding = (...yields: unknown[]) =>
  mine(async function* () {
    yield* yields;
  });

const item = (fields: object): object => ({ type: "item", stage: "done", item: fields });
const whole = [text("noon"), finish()];

/** Yields that are no batches of chunks, with what is said of each. */
const PLUGIN_ERRORS: readonly (readonly [what: string, yields: unknown, says: string])[] = [
  ["a chunk by itself", text("noon"), "a chunk by itself instead of a batch"],
  ["the end by itself", finish(), "a chunk by itself"],
  ["a text", "noon", 'a value of type "string" instead of a batch'],
  ["nothing", undefined, 'a value of type "undefined"'],
  ["null", null, "null instead of a batch"],
  ["a number", 5, 'a value of type "number"'],
  ["a server's chunk", { choices: [] }, 'a value of type "object"'],
  ["a set of chunks", new Set(whole), 'a value of type "object"'],
  ["a batch of texts", ["noon"], "not a chunk: it is string"],
  ["a batch of nothing", [undefined], "not a chunk: it is undefined"],
  ["a batch with a hole", new Array(1), "not a chunk: it is undefined"],
  ["a batch of batches", [whole], "not a chunk: it is a list"],
  ["a batch whose last is null", [text("noon"), null], "not a chunk: it is null"],
  ["a chunk without a type", [{ text: "noon" }], "type must be one of text"],
  ["a chunk of a type that is none", [{ type: "delta", text: "noon" }], "type must be one of text"],
  ["a chunk of a type like a member of objects", [{ type: "constructor" }], "type must be one of text"],
  ["a text that is none", [{ type: "text", text: 5 }], "text: text must be a string"],
  ["a text without one", [{ type: "text" }], "text: text must be a string"],
  ["reasoning that is none", [{ type: "reasoning", text: null }], "reasoning: text must be a string"],
  ["logprobs that are none", [{ type: "text", text: "a", logprobs: {} }], "logprobs must be a list"],
  ["arguments as an object", [{ type: "tool_arguments", index: 0, delta: {} }], "delta must be a string"],
  ["a call without a name", [{ type: "tool_call", index: 0 }], "tool_call: name must be"],
  ["a call without an index", [{ type: "tool_call", name: "clock" }], "index must be a whole number"],
  ["a call whose id is a number", [{ type: "tool_call", index: 0, name: "a", callId: 7 }], "callId must be"],
  ["usage without counts", [{ type: "usage", usage: {} }], "usage.input_tokens must be a number"],
  ["an annotation that is none", [{ type: "annotation" }], "annotation must be an annotation"],
  ["an unknown part", [{ type: "part", part: "poem" }], "part must be one of"],
  ["an event without a type", [{ type: "item_event", event: {} }], "event must be an event"],
  ...["response.completed", "response.failed", "response.created", "error", "response.output_item.done"].map(
    (type): [string, unknown, string] => [
      `an event of its own: ${type}`,
      [{ type: "item_event", event: { type, item_id: "ws_1", output_index: 0, response: {} } }],
      "item_event: event must be an event of an item",
    ],
  ),
  ["a reason to end that is none", [{ type: "finish", reason: "done" }], "finish: reason must be one of"],
];

describe("an upstream plugin that yields", () => {
  it.each(PLUGIN_ERRORS)("%s fails the response and is named", async (_, yields, says) => {
    const first = await bothWays(() => ({ plugins: [yielding(yields)] }));
    expect(first.status).toBe(500);
    const later = await (await startInProcess({ plugins: [yielding([text("I look")], yields)] })).stream();
    for (const message of [first.error.message, later.response.error?.message]) {
      expect(message).toContain('plugin "mine" failed as the upstream "my-server": it yielded');
      expect(message).toContain(says);
    }
  });

  it.each<[what: string, chunk: object, says: string]>([
    ["an item whose id is a number", item({ type: "web_search_call", id: 5 }), "item.id must be a string"],
    ["a message whose id is one", item({ type: "message", id: 5, content: [] }), "item.id must be a string"],
    ["reasoning whose id is a list", item({ type: "reasoning", id: [], summary: [] }), "item.id must be"],
    ["an item that is none", { type: "item", stage: "added", item: null }, "item must be an item"],
    ["a message without content", item({ type: "message", id: "msg_1" }), "item.content must be a list"],
    ["reasoning without a summary", item({ type: "reasoning", id: "rs_1" }), "item.summary must be a list"],
    [
      "an approval in the client's name",
      item({ type: "mcp_approval_response", id: "a", approval_request_id: "mcpr_1", approve: true }),
      "a model must not give an item of type",
    ],
    [
      "a question of the gateway's",
      item({ type: "mcp_approval_request", id: "mcpr_1", server_label: "a", name: "b", arguments: "{}" }),
      "a model must not give an item of type",
    ],
    ["a reference", item({ type: "item_reference", id: "msg_1" }), "a model must not give an item of type"],
    ["a stage that is none", { type: "item", stage: "begun", item: { type: "x" } }, "stage must be"],
    [
      "a call whose item's id is an object",
      { type: "tool_call", index: 0, name: "clock", item: { type: "function_call", id: {} } },
      "item.id must be a string",
    ],
  ])("%s is a server's wrong answer: 502", async (_, chunk, says) => {
    const { status, error } = await bothWays(() => ({ plugins: [yielding([chunk])] }));
    expect(status).toBe(502);
    expect(error.message).toContain('Upstream "my-server" gave a wrong item');
    expect(error.message).toContain(says);
    const late = await (await startInProcess({ plugins: [yielding([text("I look")], [chunk])] })).stream();
    expect(late.response).toMatchObject({ status: "failed", error: { code: "server_error" } });
  });

  it("an item without an id, or with null for one, is shown with one of the gateway's", async () => {
    const message = {
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "noon", annotations: [], logprobs: [] }],
    };
    const { response } = await bothWays(() => ({
      plugins: [yielding([item(message), item({ ...message, id: null }), ...whole])],
    }));
    expect(response.output.map(({ id }) => typeof id)).toEqual(["string", "string", "string"]);
  });

  it("nothing wrong is not looked at: an empty batch, a frozen one", async () => {
    const { response } = await bothWays(() => ({ plugins: [yielding([], Object.freeze(whole))] }));
    expect(wordsOf(response.output)).toBe("noon");
  });
});

const eventsOf = (one: Record<string, unknown>) =>
  one.type === "web_search_call" ? [added(0, one), done(0, one)] : told(one, 0);

describe("a server that speaks the Responses API and gives an item an id that is no string", () => {
  it.each<[what: string, item: Record<string, unknown>]>([
    ["a message", message(5 as never, "noon")],
    ["reasoning", thought({} as never, "hm")],
    ["a call", called([] as never, "call_1")],
    ["a call whose call_id is a number", called("fc_1", 7 as never)],
    ["a hosted call", { id: true, type: "web_search_call", status: "completed", action: { type: "search" } }],
  ])("of %s: 502, streamed and not", async (_, wrong) => {
    const server = await createChatServer();
    onTestFinished(() => server.close());
    const clock = { type: "function", name: "clock", parameters: {} };
    const vr = await startInProcess({ plugins: [nativeAt(server)] });
    server.reply(stream(...eventsOf(wrong), ended([wrong])), json(responseOf([wrong])));
    for (const { status, error } of [
      await vr.stream({ tools: [clock] }),
      await vr.post({ tools: [clock] }),
    ]) {
      expect(status).toBe(502);
      expect(error.message).toMatch(/item|cannot be read/);
    }
  });
});

describe("an upstream plugin whose stream()", () => {
  it.each<[what: string, stream: () => unknown]>([
    ["gives nothing", () => undefined],
    ["is an async function", async () => [whole]],
    ["gives a list", () => [whole]],
    [
      "is a generator that is not asynchronous",
      function* () {
        yield whole;
      },
    ],
  ])("%s fails the response and is named", async (_, give) => {
    const { status, error } = await bothWays(() => ({ plugins: [mine(give)] }));
    expect(status).toBe(500);
    expect(error.message).toBe(
      'plugin "mine" failed as the upstream "my-server": its stream() returns no async iterable: ' +
        "write it as `async *stream()`",
    );
  });

  it("gives an iterator whose steps are none fails the response and is named", async () => {
    for (const step of [undefined, null, "noon", {}]) {
      const vr = await startInProcess({
        plugins: [
          mine(() => ({
            [Symbol.asyncIterator]: () => ({ next: async () => step }),
          })),
        ],
      });
      const { status, error } = await vr.stream();
      expect(status).toBe(500);
      expect(error.message).toContain('plugin "mine" failed as the upstream "my-server"');
    }
  });

  it("yields nonsense behind a fallback is named too, and not the server that was passed over", async () => {
    const down = scripted([new UpstreamError(502, "down")]);
    const vr = await startInProcess({
      plugins: [down, yielding(text("noon"))],
      routes: [{ model: "m", to: "scripted", fallbacks: ["my-server"] }] as never,
    });
    const { error } = await vr.stream({ model: "m" });
    expect(error.message).toContain('plugin "mine" failed as the upstream "my-server"');
  });
});

describe("what is wrong with an upstream's batch", () => {
  it("is seen before a tap of onChunk, which is not to blame", async () => {
    const seen: ModelChunk[] = [];
    const vr = await startInProcess({
      plugins: [
        yielding([{ type: "text", text: 5 }]),
        plugin("tap", ({ hooks }) => hooks.onChunk.tap((chunk) => void seen.push(chunk))),
      ],
    });
    expect((await vr.stream()).error.message).toContain('plugin "mine"');
    expect(seen).toEqual([]);
  });

  it("counts as a failure of the upstream, and leaves its place for the next call", async () => {
    let wrong = true;
    const vr = await startInProcess({
      plugins: [
        mine(async function* () {
          yield wrong ? text("noon") : whole;
        }),
      ],
    });
    await vr.stream();
    wrong = false;
    expect(wordsOf((await vr.stream()).response.output)).toBe("noon");
  });
});
