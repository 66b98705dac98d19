import type { EventDraft, Progress } from "../protocol/events.ts";
import type { Note } from "../protocol/items.ts";
import type { FunctionToolCall, OutputItem } from "../protocol/wire.ts";
import type { Presentation, Tool } from "../tool.ts";

/** Where an item stands in the output. */
export interface Place {
  readonly id: string;
  readonly outputIndex: number;
}

/** A call whose arguments are being streamed, or whose tool runs. It has no place while it is hidden. */
export interface OpenCall extends Place {
  /** Where in the output it was called: its place, unless it shows later or never. */
  readonly calledAt: number;
  readonly callId: string;
  readonly name: string;
  arguments: string;
  /** Kept beside its item. */
  note?: Note;
  /** As an upstream that speaks items has it. */
  readonly item?: FunctionToolCall;
  /** Absent for a client function. */
  readonly tool?: Tool;
  /** The id of the request by whose approval it runs. */
  readonly approval?: string;
  /** What the model is told: there is no such tool. */
  readonly missing?: string;
  /** How a gateway call shows; absent while it waits for an approval or for the taps that may ask for one. */
  readonly presentation?: Presentation;
}

/** A presentation's event, put in its place. */
export function placed(place: Place, progress: Progress): EventDraft {
  return { ...progress, item_id: place.id, output_index: place.outputIndex } as EventDraft;
}

export function functionItem(
  open: OpenCall,
  status: FunctionToolCall["status"] & string,
): FunctionToolCall & { id: string } {
  const { id, callId, name } = open;
  return {
    ...open.item,
    id,
    type: "function_call",
    status,
    call_id: callId,
    name,
    arguments: open.arguments,
  };
}

export function added(outputIndex: number, item: OutputItem): EventDraft {
  return { type: "response.output_item.added", output_index: outputIndex, item };
}

export function done(outputIndex: number, item: OutputItem): EventDraft {
  return { type: "response.output_item.done", output_index: outputIndex, item };
}
