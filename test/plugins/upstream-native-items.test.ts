import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { guardBlocklist } from "../../plugins/guard-blocklist/index.ts";
import { bothWays } from "../helpers/both-ways.ts";
import { type ChatServer, createChatServer, json, stream } from "../helpers/chat-server.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { clock, clockTool, nativeAt } from "../helpers/native.ts";
import {
  added,
  called,
  done,
  ended,
  events,
  message,
  part,
  responseOf,
  says,
  thought,
  told,
} from "../helpers/responses-says.ts";

let server: ChatServer;
beforeEach(async () => {
  server = await createChatServer();
});
afterEach(() => server.close());

const native = (options: object = {}) => nativeAt(server, options);

const citation = {
  type: "url_citation",
  url: "https://example.org/",
  title: "t",
  start_index: 0,
  end_index: 1,
};

describe("items of a native upstream", () => {
  it("of several parts pass whole: summaries, texts with annotations, refusals", async () => {
    const items = [
      thought("rs_1", "First.", "Second."),
      {
        ...message(
          "msg_1",
          part("one", { annotations: [citation] }),
          { type: "refusal", refusal: "no" },
          "two",
        ),
        phase: "commentary",
      },
      message("msg_2", "three"),
    ];
    server.reply(says(...items), says(...items));
    const { response } = await bothWays(() => ({ plugins: [native()] }), {
      include: ["reasoning.encrypted_content"],
    });
    expect(response.output).toEqual(items);
  });

  it("have logprobs with bytes, which a server may leave out of its deltas", async () => {
    const logprobs = [{ token: "é", logprob: -1, top_logprobs: [{ token: "e", logprob: -2 }] }];
    const item = message("msg_1", part("é", { logprobs }));
    server.reply(says(item), says(item));
    const { response } = await bothWays(() => ({ plugins: [native()] }), {
      include: ["message.output_text.logprobs"],
    });
    const whole = { token: "é", logprob: -1, bytes: [195, 169] };
    const top = [{ token: "e", logprob: -2, bytes: [101] }];
    expect(response.output).toMatchObject([{ content: [{ logprobs: [{ ...whole, top_logprobs: top }] }] }]);
  });

  it("code that the server runs is complete before it is run", async () => {
    const item = {
      id: "ci_1",
      type: "code_interpreter_call",
      status: "completed",
      code: "1+1",
      container_id: "cntr_1",
      outputs: null,
    };
    const at = { item_id: "ci_1", output_index: 0 };
    const script = events(
      [
        added(0, { ...item, status: "in_progress", code: "" }),
        { type: "response.code_interpreter_call.in_progress", ...at },
        { type: "response.code_interpreter_call_code.delta", ...at, delta: "1+1" },
        { type: "response.code_interpreter_call_code.done", ...at, code: "1+1" },
        { type: "response.code_interpreter_call.interpreting", ...at },
        { type: "response.code_interpreter_call.completed", ...at },
        done(0, item),
      ],
      responseOf([item]),
    );
    server.reply(script, script);
    const { types } = await bothWays(() => ({ plugins: [native()] }), {
      tools: [{ type: "code_interpreter", container: { type: "auto" } }],
    });
    expect(types.slice(3, -2)).toEqual([
      "response.code_interpreter_call.in_progress",
      "response.code_interpreter_call_code.delta",
      "response.code_interpreter_call_code.done",
      "response.code_interpreter_call.interpreting",
      "response.code_interpreter_call.completed",
    ]);
  });

  it("images open as the schema has them, and their data are no words to a guardrail", async () => {
    const item = { id: "ig_1", type: "image_generation_call", status: "completed", result: "AAA=" };
    const at = { item_id: "ig_1", output_index: 0 };
    const script = events(
      [
        added(0, { id: "ig_1", type: "image_generation_call", status: "in_progress" }),
        { type: "response.image_generation_call.in_progress", ...at },
        { type: "response.image_generation_call.generating", ...at },
        {
          type: "response.image_generation_call.partial_image",
          ...at,
          partial_image_index: 0,
          partial_image_b64: "AnoonA==",
        },
        { type: "response.image_generation_call.completed", ...at },
        done(0, item),
      ],
      responseOf([item]),
    );
    server.reply(script, script);
    const { response, types } = await bothWays(
      () => ({ plugins: [native(), guardBlocklist({ words: ["noon"] })] }),
      { tools: [{ type: "image_generation" }] },
    );
    expect(response.output).toEqual([item]);
    expect(types).toContain("response.image_generation_call.partial_image");
  });
});

describe("what a native upstream reads again", () => {
  interface Entry {
    type: string;
    id?: string;
    call_id?: string;
    role?: string;
  }
  /** The n-th request's input: ids of reasoning and messages, calls and outputs by their type. */
  const read = (n: number): string[] => {
    const input: Entry[] = server.requests[n]?.body.input;
    return input.map(({ type, id, role }) => id ?? (type === "message" ? String(role) : type));
  };

  it("each call of a gateway tool behind the reasoning that led to it, in the loop as in later responses", async () => {
    server.reply(
      says(thought("rs_1", "a"), called("fc_1", "call_1"), thought("rs_2", "b"), called("fc_2", "call_2")),
      says(thought("rs_3", "c"), message("msg_1", "I look again."), called("fc_3", "call_3")),
      says(message("msg_2", "noon")),
    );
    const vr = await startInProcess({ plugins: [native(), clockTool()] });
    const { response } = await vr.stream();
    const pair = ["function_call", "function_call_output"];
    const first = ["user", "rs_1", ...pair, "rs_2", ...pair];
    expect(read(1)).toEqual(first);
    expect(read(2)).toEqual([...first, "rs_3", "msg_1", ...pair]);
    await vr.post({ previous_response_id: response.id });
    expect(read(3)).toEqual([...first, "rs_3", "msg_1", ...pair, "msg_2", "user"]);
  });

  it("no reasoning whose call or answer was cut off: servers refuse what leads to nothing", async () => {
    const items = [thought("rs_1", "a"), { ...called("fc_1", "call_1", '{"zo'), status: "incomplete" }];
    const details = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    server.reply(stream(...items.flatMap(told), ended(items, details)), says(message("msg_1", "noon")));
    const vr = await startInProcess({ plugins: [native()] });
    const { response } = await vr.stream({ tools: [clock] });
    expect(response.status).toBe("incomplete");
    await vr.post({ previous_response_id: response.id });
    expect(read(1)).toEqual(["user", "user"]);
  });
});

describe("a careless server", () => {
  const items = [
    thought("rs_1", "hm"),
    message("msg_1", "one"),
    called("fc_1", "call_1"),
    called("fc_2", "call_2"),
  ];
  const ids = (output: readonly { id?: string | null }[]) => output.map(({ id }) => id);

  it.each([
    ["numbers its items from 1", (i: number) => i + 1],
    ["numbers them all 0", () => 0],
  ])("that %s: each is told once", async (_, number) => {
    server.reply(stream(...items.flatMap((item, i) => told(item, number(i))), ended(items)));
    const vr = await startInProcess({ plugins: [native()] });
    const { response } = await vr.stream({ tools: [clock] });
    expect(ids(response.output)).toEqual(["rs_1", "msg_1", "fc_1", "fc_2"]);
  });

  it("that writes the whole arguments otherwise than their deltas: the deltas count", async () => {
    const [opened, , , ...rest] = told(called("fc_1", "call_1", '{"a": 1}'), 0);
    const at = { item_id: "fc_1", output_index: 0 };
    const delta = { type: "response.function_call_arguments.delta", ...at, delta: '{"a":1}' };
    const whole = { type: "response.function_call_arguments.done", ...at, arguments: '{"a": 1}' };
    server.reply(stream(opened ?? {}, delta, whole, ...rest, ended([])));
    const vr = await startInProcess({ plugins: [native()] });
    const { response } = await vr.stream({ tools: [clock] });
    expect(response.output).toMatchObject([{ arguments: '{"a":1}' }]);
  });

  it("that uses ids again in its next answer: none is lost, none is there twice", async () => {
    const first = [thought("rs_1", "hm"), message("msg_1", "one"), called("fc_1", "call_1")];
    const second = [thought("rs_1", "hm"), message("msg_1", "two")];
    server.reply(says(...first), says(...second), says(...first), says(...second));
    const { response } = await bothWays(() => ({ plugins: [native(), clockTool()] }));
    expect(response.output.map(({ type }) => type)).toEqual([
      "reasoning",
      "message",
      "mcp_call",
      "reasoning",
      "message",
    ]);
    expect(new Set(ids(response.output)).size).toBe(5);
    expect(response.usage).toMatchObject({ input_tokens: 10, output_tokens: 4, total_tokens: 14 });
  });

  it("that searches again under the same id in its next answer, unstreamed: both searches are there", async () => {
    const search = {
      id: "ws_1",
      type: "web_search_call",
      status: "completed",
      action: { type: "search", query: "a" },
    };
    server.reply(
      json(responseOf([search, called("fc_1", "call_1")])),
      json(responseOf([search, message("msg_1", "noon")])),
    );
    const vr = await startInProcess({ plugins: [native(), clockTool()] });
    const { response } = await vr.post({ tools: [{ type: "web_search" }] });
    expect(response.output.map(({ type }) => type)).toEqual([
      "web_search_call",
      "mcp_call",
      "web_search_call",
      "message",
    ]);
  });

  const cited = [
    message("msg_1", part("one", { annotations: [citation] }), "two", { type: "refusal", refusal: "no" }),
  ];
  const summed = [thought("rs_1", "First.", "Second.")];
  const without = (item: Record<string, unknown>, what: RegExp) =>
    told(item, 0).filter(({ type }) => !what.test(String(type)));
  it.each([
    ["has no events for annotations", cited, /annotation/],
    ["has no events for parts", cited, /part\.(added|done)$/],
    ["has no events for parts of a summary", summed, /part\.(added|done)$/],
    ["has no events for words", cited, /(text|refusal)\.(delta|done)$|annotation/],
    ["tells the words of parts at their end", cited, /delta$/],
    ["tells a summary with the item", summed, /summary/],
  ])("that %s: nothing is lost of the item", async (_, output, what) => {
    server.reply(stream(...output.flatMap((item) => without(item, what)), ended(output)));
    const vr = await startInProcess({ plugins: [native()] });
    const { response } = await vr.stream({ include: ["reasoning.encrypted_content"] });
    expect(response.output).toEqual(output);
  });

  it("that opens parts of a message in its reasoning: thoughts stay thoughts", async () => {
    const item = {
      id: "rs_1",
      type: "reasoning",
      summary: [],
      content: [{ type: "reasoning_text", text: "hm" }],
    };
    const at = { item_id: "rs_1", output_index: 0, content_index: 0 };
    const opened = { ...item, content: [] };
    server.reply(
      stream(
        added(0, opened),
        { type: "response.content_part.added", ...at, part: part("") },
        { type: "response.content_part.done", ...at, part: part("hm") },
        done(0, item),
        ended([item]),
      ),
    );
    const vr = await startInProcess({ plugins: [native()] });
    expect((await vr.stream()).response.output).toEqual([item]);
  });

  it.each([
    ["the second", 1, 1],
    ["the first", 0, 0],
    ["both", 0, 1],
  ])(
    "that begins two items under one id, and goes on with %s: the first is closed, the second goes on",
    async (_, at, end) => {
      const search = (status: string) => ({
        id: "ws_1",
        type: "web_search_call",
        status,
        action: { type: "search", query: "a" },
      });
      const running = (i: number) => [
        added(i, search("in_progress")),
        { type: "response.web_search_call.in_progress", item_id: "ws_1", output_index: i },
      ];
      const searching = { type: "response.web_search_call.searching", item_id: "ws_1", output_index: at };
      const completed = { type: "response.web_search_call.completed", item_id: "ws_1", output_index: at };
      server.reply(
        stream(...running(0), ...running(1), searching, completed, done(end, search("completed")), ended([])),
      );
      const vr = await startInProcess({ plugins: [native()] });
      const { response } = await vr.stream({ tools: [{ type: "web_search" }] });
      expect(response.output).toMatchObject([{ status: "failed" }, { status: "completed" }]);
    },
  );

  it.each([
    ["no list", {}],
    ["of null", [null]],
    ["of words", ["noon"]],
    ["of items without a type", [{ id: "a", type: null }]],
    ["of nameless calls", [{ ...called("fc_1", "call_1"), name: null }]],
  ])("whose output is %s: 502, or what can be read of a stream", async (_, output) => {
    server.reply(json(responseOf(output)), stream(ended(output)));
    const vr = await startInProcess({ plugins: [native()] });
    expect((await vr.post()).status).toBe(502);
    const streamed = await vr.stream();
    if (streamed.status === 200) expect(streamed.response.output).toEqual([]);
    else expect(streamed.status).toBe(502);
  });

  it.each([
    ["null for ids", [message(null as never, "noon"), called(null as never, "call_1")]],
    ["null for annotations", [message("msg_1", part("noon", { annotations: [null], logprobs: null }))]],
    ["null for text", [message("msg_1", part(null as never))]],
    ["an object for arguments", [called("fc_1", "call_1", { zone: "UTC" } as never)]],
  ])("with %s: the rest is read", async (_, output) => {
    server.reply(json(responseOf(output)), stream(ended(output)));
    const vr = await startInProcess({ plugins: [native()] });
    for (const { response } of [await vr.post({ tools: [clock] }), await vr.stream({ tools: [clock] })])
      expect(response.output.map(({ type }) => type)).toEqual(output.map(({ type }) => type));
  });
});
