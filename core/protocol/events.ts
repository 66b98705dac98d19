import type { ResponseStreamEvent } from "./wire.ts";

type StreamEvent = Exclude<ResponseStreamEvent, { type: `${string}audio${string}` }>;
type Unnumbered<T> = T extends unknown ? Omit<T, "sequence_number"> : never;

/** A numbered event, as clients receive it. */
export type ResponseEvent = StreamEvent;

/** An event that has no `sequence_number` yet. The sequencer gives numbers by position, in one place. */
export type EventDraft = Unnumbered<StreamEvent>;

/** Events of one write: the i-th has the `sequence_number` `first + i`. */
export interface EventBatch {
  readonly first: number;
  readonly events: readonly EventDraft[];
}

type ItemEvent = Extract<EventDraft, { item_id: string; output_index: number }>;
type Unplaced<T> = T extends unknown ? Omit<T, "item_id" | "output_index"> : never;

/**
 * What a tool's presentation reports: an event of its item without `item_id` and `output_index`, which the
 * core adds.
 */
export type Progress = Unplaced<ItemEvent>;

/** Whether an event is an item's own, `response.<item>.<what>`. Only the core starts and ends items and responses. */
export function isItemEvent(type: unknown): type is string {
  return (
    typeof type === "string" &&
    type.startsWith("response.") &&
    type.indexOf(".", "response.".length) > 0 &&
    !type.startsWith("response.output_item.")
  );
}
