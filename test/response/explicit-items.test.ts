import { describe, expect, it } from "vitest";
import type { ModelChunk } from "../../core/protocol/chunk.ts";
import type { OutputItem } from "../../core/protocol/wire.ts";
import { ExplicitItems } from "../../core/response/explicit-items.ts";
import { begin, cite, finish, refuse, text, think, usage } from "../helpers/chunks.ts";

const item = (stage: "added" | "done", of: object): ModelChunk => ({
  type: "item",
  stage,
  item: of as OutputItem,
});
const message = { id: "msg_1", type: "message", role: "assistant", status: "in_progress", content: [] };
const reasoning = { id: "rs_1", type: "reasoning", encrypted_content: "sealed", summary: [] };
const search = { id: "ws_1", type: "web_search_call", status: "in_progress" };

/** All that leaves the step for these chunks. */
function made(...chunks: readonly ModelChunk[]): ModelChunk[] {
  const step = new ExplicitItems();
  const all: ModelChunk[] = [];
  for (const chunk of chunks)
    for (let next: ModelChunk | undefined; next !== chunk; all.push(next)) next = step.next(chunk);
  return all;
}

/** The same in words: `+message`, `-message`, and the types of what stands within. */
const inWords = (...chunks: readonly ModelChunk[]) =>
  made(...chunks)
    .map((chunk) =>
      chunk.type === "item" ? `${chunk.stage === "added" ? "+" : "-"}${chunk.item.type}` : chunk.type,
    )
    .join(" ");

describe("bare words", () => {
  it("get an item that holds words of their kind, and ends where others begin", () => {
    expect(inWords(think("hm"), think("so"), text("no"), text("on"), refuse("no"), finish())).toBe(
      "+reasoning reasoning reasoning -reasoning +message text text -message +message refusal -message finish",
    );
  });

  it.each<[string, ModelChunk[], string]>([
    ["usage", [usage(1, 1)], "usage text -message finish"],
    ["an annotation", [cite("https://example.org/")], "annotation text -message finish"],
    ["arguments", [{ type: "tool_arguments", index: 0, delta: "{" }], "tool_arguments text -message finish"],
    ["nothing in words", [think(""), text("")], "reasoning text text -message finish"],
    ["a call", [begin("clock")], "-message tool_call +message text -message finish"],
    ["a part", [{ type: "part", part: "output_text" }], "-message part +message text -message finish"],
    ["a hosted item", [item("added", search)], "-message +web_search_call +message text -message finish"],
  ])("go on after %s, or not", (_, between, rest) => {
    expect(inWords(text("a"), ...between, text("b"), finish())).toBe(`+message text ${rest}`);
  });

  it("pass as the objects that they are", () => {
    const deltas = [text("a"), text("b"), usage(1, 1), text("c")];
    const all = made(...deltas);
    expect(all.slice(1).every((chunk, i) => chunk === deltas[i])).toBe(true);
  });

  it("make no item where they are empty, and one where they have only logprobs", () => {
    expect(inWords(text(""), think(""), refuse(""), finish())).toBe("text reasoning refusal finish");
    const logprobs = [{ token: "", logprob: 0, bytes: [], top_logprobs: [] }];
    expect(inWords(think("hm"), { type: "text", text: "", logprobs }, finish())).toBe(
      "+reasoning reasoning -reasoning +message text -message finish",
    );
  });

  it.each<[ModelChunk, string]>([
    [finish("stop"), "completed"],
    [finish("tool_calls"), "completed"],
    [finish("length"), "incomplete"],
    [finish("content_filter"), "incomplete"],
    [{ type: "stop", message: "no" }, "incomplete"],
  ])("end with the turn: %o", (end, status) => {
    expect(made(text("a"), end).at(-2)).toMatchObject({ stage: "done", item: { type: "message", status } });
  });
});

describe("an item that the upstream opened", () => {
  it("is not ended by an item of another type with the same id", () => {
    const end = item("done", { ...reasoning, id: message.id });
    expect(inWords(item("added", message), text("a"), end, finish())).toBe(
      "+message text -message -reasoning finish",
    );
  });

  it("holds what it can, and ends when the upstream says so", () => {
    const whole = [item("added", message), text("a"), refuse("b"), item("added", search), text("c")];
    expect(inWords(...whole, item("done", message), finish())).toBe(
      "+message text refusal +web_search_call text -message finish",
    );
  });

  it("ends before words that it cannot hold, before another item, and with the turn", () => {
    expect(inWords(item("added", message), think("hm"), finish())).toBe(
      "+message -message +reasoning reasoning -reasoning finish",
    );
    expect(inWords(item("added", message), item("added", reasoning), finish())).toBe(
      "+message -message +reasoning -reasoning finish",
    );
    expect(inWords(item("added", message), item("done", { ...message, id: "msg_2" }), finish())).toBe(
      "+message -message -message finish",
    );
  });

  it("ends after bare words, even if it has no id either", () => {
    const { id: _, ...bare } = message;
    expect(inWords(text("a"), item("done", { ...bare, id: "" }), finish())).toBe(
      "+message text -message -message finish",
    );
  });

  it("keeps what the upstream said of it, but not what it had sealed at the opening", () => {
    const [, ended] = made(item("added", { ...message, phase: "commentary" }), finish());
    expect(ended).toMatchObject({ item: { id: "msg_1", phase: "commentary", status: "completed" } });
    const [, cut] = made(item("added", reasoning), finish("length"));
    expect(cut).toEqual(item("done", { id: "rs_1", type: "reasoning", status: "incomplete", summary: [] }));
  });
});
