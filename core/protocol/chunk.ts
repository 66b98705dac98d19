import type { EventDraft } from "./events.ts";
import type { Note } from "./items.ts";
import type { Annotation, FunctionToolCall, LogProb, OutputItem, ResponseUsage } from "./wire.ts";

/**
 * One delta of a model's answer, as upstream plugins yield it and as `onChunk` taps see it. Chunks carry
 * no ids and no positions: the core assigns those. A chunk may be shared: a cache gives many responses the same
 * ones. So never change a chunk; `{ ...chunk, text }` makes another.
 */
export type ModelChunk = Readonly<Chunk>;

type Chunk =
  /** `logprobs` spell the text out, token by token: who changes the one changes the other. */
  | { type: "text"; text: string; logprobs?: readonly LogProb[] }
  | { type: "reasoning"; text: string }
  | { type: "refusal"; text: string }
  /**
   * A call begins. `index` tells the calls of one turn apart. `callId` is made up when absent. `item`: as an
   * upstream that speaks items has it; its id and what else it says are kept. `approval`: the id of the request by
   * whose approval the call runs. Only the core sets it; from anyone else it is ignored.
   */
  | {
      type: "tool_call";
      index: number;
      name: string;
      callId?: string;
      item?: Readonly<FunctionToolCall>;
      approval?: string;
    }
  /** A fragment of the JSON text of the arguments of call `index`. */
  | { type: "tool_arguments"; index: number; delta: string }
  /** Belongs to the text that is open. */
  | { type: "annotation"; annotation: Readonly<Annotation> }
  | { type: "usage"; usage: Readonly<ResponseUsage> }
  /**
   * A note that the upstream wants back in later requests. It is stored with the item of call `index`, or, without
   * `index`, with the turn's first item that a model reads. Comes before `finish`.
   */
  | { type: "note"; note: Note; index?: number }
  /**
   * An item of an upstream that speaks items itself begins or ends; its id is kept. The words of a message or
   * of reasoning come in between as `text`, `refusal` and `reasoning`, after `part`s; where they did, those
   * in `item` are not looked at.
   */
  | { type: "item"; item: Readonly<OutputItem>; stage: "added" | "done" }
  /** A part of the message or reasoning item that such an upstream has opened: the words that follow are its. */
  | { type: "part"; part: PartType }
  /** An event of such an item; its `output_index` is replaced. */
  | { type: "item_event"; event: Readonly<EventDraft> }
  /** A guardrail ended the response. Made by the core from `GuardrailStop`. */
  | { type: "stop"; message: string }
  /** The last chunk of every complete turn. */
  | { type: "finish"; reason: FinishReason };

export type FinishReason = "stop" | "tool_calls" | "length" | "content_filter";

/** The parts of messages and of reasoning. */
export type PartType = "output_text" | "refusal" | "reasoning_text" | "summary_text";

/** The chunks that carry a stretch of the model's own words. */
export type TextChunk = Extract<ModelChunk, { type: "text" | "reasoning" | "refusal" | "tool_arguments" }>;
