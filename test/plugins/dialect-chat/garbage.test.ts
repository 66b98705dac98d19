import { describe, expect, it } from "vitest";
import type { ModelChunk } from "../../../core/index.ts";
import {
  type ChatChunk,
  createChatDecoder,
  defaultQuirks,
  fromCompletion,
} from "../../../plugins/dialect-chat/index.ts";
import { chunk, usage } from "../../helpers/chat-server.ts";

function decode(...payloads: unknown[]): ModelChunk[] {
  const decoder = createChatDecoder(defaultQuirks);
  const out: ModelChunk[] = [];
  for (const payload of payloads) decoder.push(payload as ChatChunk, out);
  decoder.end(true, out);
  return out;
}

const call = (fields: object) =>
  chunk({ tool_calls: [{ index: 0, function: { arguments: "{}" }, ...fields }] });
const nested = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));

describe("fields of another type than text", () => {
  it.each<[string, unknown]>([
    ["reasoning that is an object", { reasoning_content: { a: 1 } }],
    ["reasoning that is a number", { reasoning: 5 }],
    ["a refusal that is true", { refusal: true }],
    ["a part whose text is an object", { content: [{ type: "text", text: { a: 1 } }] }],
    ["thinking that is a number", { content: [{ type: "thinking", thinking: [{ text: 5 }] }] }],
    ["annotations that are none", { annotations: [null, 5, {}, { url_citation: { url: 5 } }] }],
  ])("%s: left out, the text goes on", (_, delta) => {
    expect(decode(chunk(delta as object), chunk({ content: "yes" }))).toEqual([
      { type: "text", text: "yes" },
      { type: "finish", reason: "stop" },
    ]);
  });

  it("a call's id that is a number is taken as its digits", () => {
    expect(decode(call({ id: 7, function: { name: "clock", arguments: "{}" } }))[0]).toEqual({
      type: "tool_call",
      index: 0,
      name: "clock",
      callId: "7",
    });
  });

  it("a citation's title and places that are none are empty", () => {
    const cited = { url: "https://a", title: 6, start_index: "x", end_index: null };
    expect(decode(chunk({ content: "a", annotations: [{ url_citation: cited }] }))[1]).toEqual({
      type: "annotation",
      annotation: { type: "url_citation", url: "https://a", title: "", start_index: 0, end_index: 0 },
    });
  });
});

describe("usage", () => {
  const usageOf = (counts: unknown) =>
    decode(chunk({ content: "a" }), { choices: [], usage: counts }).find((found) => found.type === "usage")
      ?.usage;

  it("takes numbers written as text", () => {
    expect(usageOf({ prompt_tokens: "10", completion_tokens: "5" })).toMatchObject({
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 15,
    });
  });

  it.each([-1, 1.5, "many", Number.NaN, {}, [], true])("counts %j as a whole number of tokens", (count) => {
    const counts = usageOf({ ...usage(count as number, count as number), prompt_tokens_details: count });
    expect(counts).toMatchObject({ input_tokens: expect.any(Number), output_tokens: expect.any(Number) });
    for (const number of [counts?.input_tokens, counts?.output_tokens, counts?.total_tokens]) {
      expect(Number.isInteger(number)).toBe(true);
      expect(number).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("what makes no sense is the server's fault: 502", () => {
  it.each<[string, object]>([
    ["content that is a number", chunk({ content: 5 })],
    ["content with a part that is null", chunk({ content: [null] })],
    ["calls that are no list", chunk({ tool_calls: {} })],
    ["a call that is null", chunk({ tool_calls: [null] })],
    ["a call whose name is a number", call({ function: { name: 5, arguments: "{}" } })],
    ["a choice that is null", { choices: [null] }],
    ["logprobs that are none", { choices: [{ index: 0, delta: {}, logprobs: { content: [null] } }] }],
    ["arguments nested too deep to be written", call({ function: { name: "f", arguments: nested(50_000) } })],
  ])("%s", (_, payload) => {
    expect(() => decode(payload)).toThrow(expect.objectContaining({ status: 502 }));
  });

  it("in a body that came whole as well", () => {
    const body = { choices: [{ index: 0, message: { tool_calls: [null] } }] };
    expect(() => fromCompletion(body as never, defaultQuirks)).toThrow(
      expect.objectContaining({ status: 502 }),
    );
  });
});
