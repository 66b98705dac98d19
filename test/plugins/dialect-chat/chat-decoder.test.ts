import { describe, expect, it } from "vitest";
import type { ModelChunk } from "../../../core/index.ts";
import {
  type ChatChunk,
  ChatReader,
  createChatDecoder,
  defaultQuirks,
  fromCompletion,
  withQuirks,
} from "../../../plugins/dialect-chat/index.ts";
import { chunk } from "../../helpers/chat-server.ts";
import { summary } from "./reading.ts";

function decode(...deltas: object[]): ModelChunk[] {
  return decodeChunks(...deltas.map((delta) => chunk(delta)));
}

function decodeChunks(...payloads: object[]): ModelChunk[] {
  const decoder = createChatDecoder(defaultQuirks);
  const out: ModelChunk[] = [];
  for (const payload of payloads) decoder.push(payload as ChatChunk, out);
  decoder.end(true, out);
  return out;
}

const call = (
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
  args?: unknown,
) => ({
  tool_calls: [{ index, id, type: "function", function: { name, arguments: args } }],
});

describe("text and what goes with it", () => {
  it("gives one chunk per delta, nothing for empty ones", () => {
    expect(
      decode({ role: "assistant", content: "" }, { content: "a" }, { content: null }, { content: "b" }),
    ).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "b" },
      { type: "finish", reason: "stop" },
    ]);
  });

  it("reads content that is an array of parts, thinking included", () => {
    const parts = [
      { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
      { type: "text", text: "yes" },
    ];
    expect(summary(decode({ content: parts }))).toEqual({ reasoning: "hm", text: "yes", finish: "stop" });
  });

  it.each<[string, unknown, object]>([
    ["a part that is no list", { type: "text", text: "yes" }, { text: "yes" }],
    ["texts for parts", ["y", "es"], { text: "yes" }],
    ["a part by another name", [{ type: "output_text", text: "yes" }], { text: "yes" }],
    ["a text with its value", [{ type: "text", text: { value: "yes" } }], { text: "yes" }],
    ["a refusal", [{ type: "refusal", refusal: "no" }], { refusal: "no" }],
    [
      "reasoning as a text",
      [{ type: "reasoning", text: "hm" }, { text: "yes" }],
      { reasoning: "hm", text: "yes" },
    ],
    [
      "reasoning as a summary",
      [{ type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] }],
      { reasoning: "hm" },
    ],
    ["thinking as a text", [{ type: "thinking", thinking: "hm" }], { reasoning: "hm" }],
    ["nothing of a picture", [{ type: "image_url", text: "a cat" }, { text: "yes" }], { text: "yes" }],
  ])("reads %s", (_, content, expected) => {
    expect(summary(decode({ content }))).toEqual({ ...expected, finish: "stop" });
    expect(summary(decode({ content: "" }, { content }))).toEqual({ ...expected, finish: "stop" });
  });

  it("reads refusals", () => {
    expect(summary(decode({ refusal: "I " }, { refusal: "won't." }))).toEqual({
      refusal: "I won't.",
      finish: "stop",
    });
  });

  it("takes reasoning once from a server that sends it under both names", () => {
    expect(summary(decode({ reasoning: "hm", reasoning_content: "hm" })).reasoning).toBe("hm");
  });

  it("gives logprobs with their text, bytes filled in where the server has none", () => {
    const payload = chunk({ content: "é" }) as { choices: object[] };
    payload.choices[0] = {
      ...payload.choices[0],
      logprobs: {
        content: [
          {
            token: "é",
            logprob: -0.5,
            bytes: null,
            top_logprobs: [{ token: "e", logprob: -1, bytes: [101] }],
          },
        ],
      },
    };
    expect(decodeChunks(payload)[0]).toEqual({
      type: "text",
      text: "é",
      logprobs: [
        {
          token: "é",
          logprob: -0.5,
          bytes: [195, 169],
          top_logprobs: [{ token: "e", logprob: -1, bytes: [101] }],
        },
      ],
    });
  });

  describe("keeps the logprobs of thoughts from the text", () => {
    const choice = (delta: object, ...tokens: string[]) => ({
      choices: [{ index: 0, delta, logprobs: { content: tokens.map((token) => ({ token, logprob: -1 })) } }],
    });
    it.each([
      ["in a field", [choice({ reasoning: "hm" }, "hm"), choice({ content: "noon" }, "no", "on")]],
      [
        "between tags",
        ["<think>", "hm", "</think>", "\n\n", "noon"].map((content) => choice({ content }, content)),
      ],
      [
        "in one delta with it",
        [choice({ content: "<think>hm</think>noon" }, "<think>", "hm", "</think>", "noon")],
      ],
      ["of an unstreamed answer", [choice({ reasoning: "hm", content: "noon" }, "hm", "no", "on")]],
      ["but not those of an empty delta", [choice({ content: "" }, "no"), choice({ content: "noon" }, "on")]],
    ])("%s", (_, payloads) => {
      const [text] = decodeChunks(...payloads).filter((each) => each.type === "text");
      expect(text?.logprobs?.map(({ token }) => token).join("")).toBe("noon");
    });
  });

  it("ignores other choices than the first", () => {
    const second = { index: 1, delta: { content: "no" }, finish_reason: "length" };
    const first = { index: 0, delta: { content: "yes" }, finish_reason: null };
    expect(summary(decodeChunks({ choices: [second] }, { choices: [second, first] }))).toEqual({
      text: "yes",
      finish: "stop",
    });
  });

  it("takes text once from a server that gives the whole message behind its deltas", () => {
    const whole = {
      choices: [{ index: 0, message: { role: "assistant", content: "yes" }, finish_reason: "stop" }],
    };
    expect(summary(decodeChunks(chunk({ content: "yes" }), whole))).toEqual({ text: "yes", finish: "stop" });
    expect(summary(decodeChunks(chunk({ role: "assistant" }), whole))).toEqual({
      text: "yes",
      finish: "stop",
    });
  });

  it("takes from such a message what the deltas have not said", () => {
    const message = { role: "assistant", reasoning: "hm", content: "yes" };
    const whole = { choices: [{ index: 0, message, finish_reason: "stop" }] };
    expect(summary(decodeChunks(chunk({ reasoning: "hm" }), whole))).toEqual({
      reasoning: "hm",
      text: "yes",
      finish: "stop",
    });
  });

  it("emits the last of many usages", () => {
    const at = (output: number) => ({
      ...chunk({ content: "a" }),
      usage: { prompt_tokens: 7, completion_tokens: output },
    });
    expect(decodeChunks(at(1), at(2), at(3)).filter((each) => each.type === "usage")).toEqual([
      {
        type: "usage",
        usage: {
          input_tokens: 7,
          input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
          output_tokens: 3,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 10,
        },
      },
    ]);
  });
});

describe("tool calls", () => {
  it("shows a call when it is named and streams its arguments", () => {
    expect(
      decode(call(0, "c1", "f", ""), call(0, undefined, undefined, "{"), call(0, undefined, undefined, "}")),
    ).toEqual([
      { type: "tool_call", index: 0, name: "f", callId: "c1" },
      { type: "tool_arguments", index: 0, delta: "{" },
      { type: "tool_arguments", index: 0, delta: "}" },
      { type: "finish", reason: "tool_calls" },
    ]);
  });

  it("is not doubled by id and name that are repeated in every delta", () => {
    expect(summary(decode(call(0, "c1", "f", '{"a":'), call(0, "c1", "f", "1}"))).calls).toEqual([
      { name: "f", callId: "c1", args: '{"a":1}' },
    ]);
    expect(summary(decode(call(0, undefined, "f", '{"a":'), call(0, undefined, "f", "1}"))).calls).toEqual([
      { name: "f", args: '{"a":1}' },
    ]);
  });

  it("goes on with a call under a new id in every delta, as old vLLM makes them up", () => {
    expect(
      summary(decode(call(0, "t1", "f"), call(0, "t2", undefined, '{"a":'), call(0, "t3", undefined, "1}")))
        .calls,
    ).toEqual([{ name: "f", callId: "t1", args: '{"a":1}' }]);
  });

  it("tells calls without an index apart by id, name, or whole arguments", () => {
    expect(
      summary(decode(call(undefined, "a", "f", "{}"), call(undefined, "b", "f", '{"x":1}'))).calls,
    ).toMatchObject([{ callId: "a" }, { callId: "b" }]);
    expect(
      summary(decode(call(undefined, undefined, "f", "{}"), call(undefined, undefined, "g", "{}"))).calls,
    ).toMatchObject([{ name: "f" }, { name: "g" }]);
    expect(
      summary(decode(call(undefined, undefined, "f", '{"x":1}'), call(undefined, undefined, "f", '{"x":2}')))
        .calls,
    ).toMatchObject([{ args: '{"x":1}' }, { args: '{"x":2}' }]);
  });

  it("keeps interleaved calls with different indices apart", () => {
    expect(
      summary(
        decode(
          call(0, "a", "f", '{"x'),
          call(1, "b", "g", '{"y'),
          call(0, undefined, undefined, '":1}'),
          call(1, undefined, undefined, '":2}'),
        ),
      ).calls,
    ).toEqual([
      { name: "f", callId: "a", args: '{"x":1}' },
      { name: "g", callId: "b", args: '{"y":2}' },
    ]);
  });

  it("keeps interleaved calls apart that share an index but say their id", () => {
    expect(
      summary(
        decode(
          call(0, "a", "f", '{"x'),
          call(0, "b", "g", '{"y'),
          call(0, "a", undefined, '":1}'),
          call(0, "b", undefined, '":2}'),
        ),
      ).calls,
    ).toMatchObject([{ args: '{"x":1}' }, { args: '{"y":2}' }]);
  });

  it("takes arguments that are an object", () => {
    expect(summary(decode(call(0, "a", "f", { city: "Paris" }))).calls).toMatchObject([
      { args: '{"city":"Paris"}' },
    ]);
  });

  it("takes the legacy function_call", () => {
    expect(
      summary(
        decode({ function_call: { name: "f", arguments: "{" } }, { function_call: { arguments: "}" } }),
      ),
    ).toEqual({ calls: [{ name: "f", args: "{}" }], finish: "tool_calls" });
  });

  describe("with a name in pieces is one", () => {
    it.each<[string, ReturnType<typeof call>[]]>([
      ["with an id that comes once", [call(0, "c", "get_wea"), call(0, undefined, "ther", "")]],
      ["with an id in each", [call(0, "c", "get_"), call(0, "c", "wea"), call(0, "c", "ther")]],
      ["without an index", [call(undefined, "c", "get_wea"), call(undefined, "c", "ther")]],
      ["the last with arguments", [call(0, "c", "get_wea"), call(0, undefined, "ther", "{")]],
      ["longer each time", [call(0, "c", "get_wea"), call(0, "c", "get_weather")]],
      [
        "and then the whole",
        [call(0, "c", "get_wea"), call(0, "c", "ther"), call(0, "c", "get_weather", "{")],
      ],
    ])("%s", (_, deltas) => {
      const { args } = summary(decode(...deltas)).calls?.[0] ?? {};
      const rest = args === "{" ? "}" : "{}";
      const at = deltas[0]?.tool_calls[0]?.index;
      expect(summary(decode(...deltas, call(at, undefined, undefined, rest))).calls).toEqual([
        { name: "get_weather", callId: "c", args: "{}" },
      ]);
    });

    it("among those of other calls", () => {
      const deltas = [
        call(0, "a", "get_"),
        call(1, "b", "set_"),
        call(0, undefined, "x"),
        call(1, undefined, "y"),
      ];
      const args = [call(1, undefined, undefined, '{"b":1}'), call(0, undefined, undefined, '{"a":1}')];
      expect(summary(decode(...deltas, ...args)).calls).toEqual([
        { name: "get_x", callId: "a", args: '{"a":1}' },
        { name: "set_y", callId: "b", args: '{"b":1}' },
      ]);
    });

    it("that is whole where another call begins, words come, or the answer ends", () => {
      const types = (...deltas: object[]) =>
        decode(...deltas).map((each) => ("name" in each ? each.name : each.type));
      expect(types(call(0, "a", "f"), call(1, "b", "g"))).toEqual(["f", "g", "finish"]);
      expect(types(call(0, "a", "f"), { content: "so" }, call(0, "a", "g"))).toEqual([
        "f",
        "text",
        "g",
        "finish",
      ]);
      expect(types(call(0, undefined, "f", "{}"), call(0, undefined, "g", "{}"))).toContain("g");
    });
  });

  describe("is told its arguments once by a server that", () => {
    const args = (...pieces: (string | object)[]) =>
      summary(decode(call(0, "c", "f"), ...pieces.map((piece) => call(0, undefined, undefined, piece))))
        .calls?.[0]?.args;
    it.each<[string, (string | object)[], string]>([
      ["sends all so far each time", ['{"q":', '{"q":"big ', '{"q":"big cat"}'], '{"q":"big cat"}'],
      ["sends all so far, piece by piece", ["{", '{"', '{"q', '{"q":', '{"q": {', '{"q": {}}'], '{"q": {}}'],
      ["sends all so far, and the whole twice", ['{"q":1', '{"q":1}', '{"q":1}'], '{"q":1}'],
      ["sends two in which the second is all", ['{"q":', '{"q":1}'], '{"q":1}'],
      ["sends the whole behind the pieces", ['{"q":', "1", "}", '{"q":1}'], '{"q":1}'],
      [
        "sends the whole behind an object within its like",
        ['{"a":', '{"a":1}}', '{"a":{"a":1}}'],
        '{"a":{"a":1}}',
      ],
      ["writes the whole otherwise", ['{"q":', "1}", '{ "q": 1 }'], '{"q":1}'],
      ["begins with an empty object", ["{}", '{"q":', "1}"], '{"q":1}'],
      ["has nothing but an empty object", ["{}"], "{}"],
      ["sends objects", [{}, { q: 1 }, { q: 1, r: 2 }], '{"q":1,"r":2}'],
      ["was cut off", ['{"q":"big', '{"q":"big ca'], '{"q":"big ca'],
    ])("%s", (_, pieces, expected) => {
      expect(args(...pieces)).toBe(expected);
    });

    it("repeats all calls at the end, with an index or an id", () => {
      const calls = (...which: (readonly [number | undefined, string | undefined, string])[]) => ({
        tool_calls: which.map(([index, id, args]) => call(index, id, "f", args).tool_calls[0]),
      });
      for (const [index, id] of [
        [0, undefined],
        [undefined, "a"],
        [0, "a"],
      ] as const) {
        const other = index === undefined ? undefined : 1;
        const all = calls([index, id, '{"a":1}'], [other, id && "b", '{"a":2}']);
        const again = calls([index, id, '{ "a": 1 }'], [other, id && "b", '{ "a": 2 }']);
        expect(summary(decode(all, again)).calls?.map(({ args: told }) => told)).toEqual([
          '{"a":1}',
          '{"a":2}',
        ]);
      }
    });

    it.each<[string, string[]]>([
      ["an object within its like", ['{"a":', '{"a":', "1}}"]],
      ["an object within its like, in one piece", ['{"a":', '{"a":1}', "}"]],
      ["a list of its like", ['{"a":[', '{"a":[', "]}", "]}"]],
      ["a text that holds the beginning", ['{"a":"', '{\\"a\\":\\"', '"}']],
      ["the same digit twice", ['{"a":1', "1", "1", "}"]],
      ["an empty object within", ['{"a":', "{}", "}"]],
      ["texts that are no objects", ["1", "1", "1"]],
    ])("does not: %s", (_, pieces) => {
      expect(args(...pieces)).toBe(pieces.join(""));
    });

    it("repeats id and name as well, in a stream whose events differ by the arguments alone", () => {
      const whole = JSON.stringify({ text: "x".repeat(300), list: [1, 2, { a: 3 }] });
      for (const repeats of [true, false]) {
        const events = [...whole].map((_, i) =>
          chunk(
            call(
              0,
              repeats || i === 0 ? "c" : undefined,
              repeats || i === 0 ? "f" : undefined,
              whole.slice(0, i + 1),
            ),
          ),
        );
        const out: ModelChunk[] = [];
        const one = new ChatReader(defaultQuirks, { maxEventBytes: 10_000 });
        one.read([Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""))], out);
        one.read([Buffer.from("data: [DONE]\n\n")], out);
        one.end(out);
        expect(summary(out).calls).toEqual([{ name: "f", callId: "c", args: whole }]);
      }
    });
  });

  it("says so when a call is never named", () => {
    expect(() => decode(call(0, "a", undefined, "{}"))).toThrow(/without the name/);
  });
});

describe("finish reasons", () => {
  const finish = (reason: string) => decodeChunks(chunk({ content: "a" }, reason)).at(-1);

  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["content_filter", "content_filter"],
    ["eos_token", "stop"],
    ["tool_calls", "stop"],
  ])("%s without calls is %s", (reason, expected) => {
    expect(finish(reason)).toEqual({ type: "finish", reason: expected });
  });

  it.each(["stop", "tool_calls", "function_call"])("%s with calls is tool_calls", (reason) => {
    expect(decodeChunks(chunk(call(0, "a", "f", "{}"), reason)).at(-1)).toEqual({
      type: "finish",
      reason: "tool_calls",
    });
  });

  it.each([
    ["MAX_TOKENS", "length"],
    ["FinishReason.MAX_TOKENS", "length"],
    ["Length", "length"],
    ["SAFETY", "content_filter"],
    ["prohibited_content", "content_filter"],
    ["FINISH_REASON_BLOCKLIST", "content_filter"],
    ["recitation", "content_filter"],
    ["Content_Filter", "content_filter"],
    ["STOP", "stop"],
    ["something_new", "stop"],
  ])("%s behind some text is %s", (reason, expected) => {
    expect(finish(reason)).toEqual({ type: "finish", reason: expected });
  });

  it.each(["MALFORMED_FUNCTION_CALL", "malformed_function_call", "UNEXPECTED_TOOL_CALL", "Error", "abort"])(
    "%s is a failure that names it, whatever came before",
    (reason) => {
      const failure = expect.objectContaining({
        status: 502,
        message: expect.stringContaining(`"${reason}"`),
      });
      expect(() => finish(reason)).toThrow(failure);
      expect(() => decodeChunks(chunk(call(0, "a", "f", '{"x'), reason))).toThrow(failure);
      expect(() => decodeChunks(chunk({ role: "assistant" }, reason))).toThrow(failure);
    },
  );

  it.each(["tool_calls", "function_call"])("%s behind nothing is a failure: the call was lost", (reason) => {
    expect(() => decodeChunks(chunk({ role: "assistant" }, reason))).toThrow(
      expect.objectContaining({ status: 502 }),
    );
  });

  it("an unknown word behind nothing is a failure that names it, and is not repeated at length", () => {
    expect(() => decodeChunks(chunk({}, "OTHER"))).toThrow(/ended its answer with "OTHER"/);
    expect(() => decodeChunks(chunk({}, "x".repeat(10_000)))).toThrow(/^.{1,200}$/);
    expect(() => decodeChunks(chunk({}, { odd: true } as never))).toThrow(
      expect.objectContaining({ status: 502 }),
    );
  });

  it("the usage of an answer that failed is told", () => {
    const decoder = createChatDecoder(defaultQuirks);
    const out: ModelChunk[] = [];
    decoder.push({ ...chunk({}, "malformed_function_call"), usage: { prompt_tokens: 1 } } as ChatChunk, out);
    expect(() => decoder.end(true, out)).toThrow();
    expect(out).toEqual([expect.objectContaining({ type: "usage" })]);
  });

  it("a model that says nothing and stops has answered", () => {
    expect(decodeChunks(chunk({ role: "assistant", content: "" }, "stop"))).toEqual([
      { type: "finish", reason: "stop" },
    ]);
  });

  it("a call that the limit cut off is length", () => {
    expect(decodeChunks(chunk(call(0, "a", "f", '{"x'), "length")).at(-1)).toMatchObject({
      reason: "length",
    });
  });
});

describe("an answer of nothing is no success", () => {
  const nothing = expect.objectContaining({
    status: 502,
    message: expect.stringContaining("without content"),
  });

  it.each<[string, object[]]>([
    ["no chunk", []],
    ["a role", [chunk({ role: "assistant", content: "" })]],
    ["usage", [{ choices: [], usage: { prompt_tokens: 1 } }]],
    ["white space that may be a tag's", [chunk({ content: "<think>\n" })]],
    ["a call without a name and arguments", [chunk({ tool_calls: [{ index: 0, id: "a" }] })]],
    ["chunks that are none", [{ type: "ping" }, { id: "1" }]],
  ])("%s", (_, payloads) => {
    expect(() => decodeChunks(...payloads)).toThrow(nothing);
  });

  it("that comes whole as well", () => {
    const body = { choices: [{ index: 0, message: { role: "assistant", content: null } }] };
    expect(() => fromCompletion(body as ChatChunk, defaultQuirks)).toThrow(nothing);
  });
});

describe("think tags", () => {
  const text = (...contents: string[]) => summary(decode(...contents.map((content) => ({ content }))));

  it("come whole in one delta", () => {
    expect(text("<think>hm</think>yes")).toEqual({ reasoning: "hm", text: "yes", finish: "stop" });
  });

  it("may be split at any character", () => {
    const whole = "\n<think>\na < b </thin no</think>\n\nyes </think> and <think>";
    for (let size = 1; size < whole.length; size += 1) {
      const parts = whole.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      expect(text(...parts), `pieces of ${size}`).toEqual({
        reasoning: "a < b </thin no",
        text: "yes </think> and <think>",
        finish: "stop",
      });
    }
  });

  it("release what only looked like one", () => {
    expect(text("<th", "e end>")).toEqual({ text: "<the end>", finish: "stop" });
    expect(text("<th")).toEqual({ text: "<th", finish: "stop" });
  });

  it("hold nothing back from a tool call", () => {
    const chunks = decode({ content: "<t" }, call(0, "a", "f", "{}"));
    expect(chunks.map((each) => each.type)).toEqual(["text", "tool_call", "tool_arguments", "finish"]);
  });

  it("make no reasoning of an empty thought", () => {
    expect(text("<think>\n\n</think>\n\n", "yes")).toEqual({ text: "yes", finish: "stop" });
  });

  it("that are never closed are reasoning to the end", () => {
    expect(text("<think>hm", " hm </th")).toEqual({ reasoning: "hm hm </th", finish: "stop" });
  });

  it("are text where the quirk says so", () => {
    const out: ModelChunk[] = [];
    createChatDecoder(withQuirks({ thinkTags: false })).push(chunk({ content: "<think>" }) as ChatChunk, out);
    expect(out).toEqual([{ type: "text", text: "<think>" }]);
  });
});

describe("errors in the stream", () => {
  const thrown = (error: unknown) => {
    try {
      decodeChunks({ error });
    } catch (caught) {
      return caught;
    }
    throw new Error("nothing was thrown");
  };

  it.each([
    [{ message: "slow down", code: 429 }, 429],
    [{ message: "slow down", type: "rate_limit_error" }, 429],
    [{ message: "bad", code: 422 }, 400],
    [{ message: "bad", type: "invalid_request_error" }, 400],
    [{ message: "oops", code: 500 }, 502],
    ["oops", 502],
  ])("%j is %d", (error, status) => {
    expect(thrown(error)).toMatchObject({ status });
  });

  it("recognise that the context is too long", () => {
    const error = { code: 500, message: "the request exceeds the available context size" };
    expect(thrown(error)).toMatchObject({ status: 400, code: "context_length_exceeded" });
  });
});

describe("unstreamed bodies", () => {
  it("give text, reasoning, calls, usage and finish", () => {
    const message = {
      role: "assistant",
      content: "<think>hm</think>yes",
      tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
    };
    const body = {
      choices: [{ index: 0, message, finish_reason: "tool_calls" }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    };
    const chunks = fromCompletion(body as ChatChunk, defaultQuirks);
    expect(summary(chunks)).toEqual({
      reasoning: "hm",
      text: "yes",
      calls: [{ name: "f", callId: "a", args: "{}" }],
      usage: [1, 2],
      finish: "tool_calls",
    });
    expect(chunks.at(-1)?.type).toBe("finish");
  });

  it("without a choice are an error", () => {
    expect(() => fromCompletion({ choices: [] }, defaultQuirks)).toThrow(/without a choice/);
  });
});
