import type { EventDraft } from "./events.ts";
import type { Annotation, LogProb, OutputItem, ResponseUsage } from "./wire.ts";

/**
 * One delta of a model's answer, as upstream plugins yield it and as `onChunk` taps see it. Chunks carry
 * no ids and no positions: the core assigns those.
 */
export type ModelChunk =
  | { type: "text"; text: string; logprobs?: LogProb[] }
  | { type: "reasoning"; text: string }
  | { type: "refusal"; text: string }
  /** A call begins. `index` tells the calls of one turn apart. `callId` is made up when absent. */
  | { type: "tool_call"; index: number; name: string; callId?: string }
  /** A fragment of the JSON text of the arguments of call `index`. */
  | { type: "tool_arguments"; index: number; delta: string }
  /** Belongs to the text that is open. */
  | { type: "annotation"; annotation: Annotation }
  | { type: "usage"; usage: ResponseUsage }
  /** A whole item of an upstream that speaks items itself; its id is kept. */
  | { type: "item"; item: OutputItem; stage: "added" | "done" }
  /** An event of such an item; its `output_index` is replaced. */
  | { type: "item_event"; event: EventDraft }
  /** A guardrail ended the response. Made by the core from `GuardrailStop`. */
  | { type: "stop"; message: string }
  /** The last chunk of every complete turn. */
  | { type: "finish"; reason: FinishReason };

export type FinishReason = "stop" | "tool_calls" | "length" | "content_filter";

/** The chunks that carry a stretch of the model's own words. */
export type TextChunk = Extract<ModelChunk, { type: "text" | "reasoning" | "refusal" | "tool_arguments" }>;
