/** What a model says, chunk by chunk: `text("noon")`, `think("hm")`, `call("clock", {})`. */
import type { FinishReason, ModelChunk } from "../../core/protocol/chunk.ts";
import type { Annotation } from "../../core/protocol/wire.ts";

export const text = (words: string): ModelChunk => ({ type: "text", text: words });
export const think = (words: string): ModelChunk => ({ type: "reasoning", text: words });
export const refuse = (words: string): ModelChunk => ({ type: "refusal", text: words });
export const cite = (url: string): ModelChunk => ({ type: "annotation", annotation: citation(url) });
export const finish = (reason: FinishReason = "stop"): ModelChunk => ({ type: "finish", reason });

/** A whole call. Calls of one turn differ by `index`. */
export const call = (name: string, values: object, index = 0): ModelChunk[] => [
  begin(name, index),
  args(index, JSON.stringify(values)),
];

/** A call's beginning; its arguments follow with `args`. */
export const begin = (name: string, index = 0): ModelChunk => ({
  type: "tool_call",
  index,
  name,
  callId: `call_${name}_${index}`,
});

export const args = (index: number, delta: string): ModelChunk => ({ type: "tool_arguments", index, delta });

/** Tokens that a turn cost. */
export const usage = (input: number, output: number, reasoning = 0): ModelChunk => ({
  type: "usage",
  usage: {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  },
});

export const citation = (url: string): Annotation => ({
  type: "url_citation",
  url,
  title: "a page",
  start_index: 0,
  end_index: 1,
});
