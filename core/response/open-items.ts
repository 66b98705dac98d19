import type { EventDraft, Progress } from "../protocol/events.ts";
import type { Note } from "../protocol/items.ts";
import type { FunctionToolCall, OutputItem } from "../protocol/wire.ts";
import type { Presentation, Tool } from "../tool.ts";

/** Where an item stands in the output. */
export interface Place {
  readonly id: string;
  readonly outputIndex: number;
}

/** An item that is whole and ends now. */
export interface Ending {
  readonly outputIndex: number;
  readonly item: OutputItem;
  /** Taps see no item that was cut off. */
  readonly isCutOff?: boolean;
  /** Stored with the item. */
  readonly note?: Note | undefined;
  /** Ends it as `item`, which `onOutputItem` may have changed. Returns the events before its `output_item.done`. */
  end(item: OutputItem): readonly EventDraft[];
}

/** A call whose arguments are streaming or whose tool is running. While it is hidden it has no place. */
export interface OpenCall extends Place {
  /** The output index at which it was called: the same as its place unless it is shown later or never. */
  readonly calledAt: number;
  readonly callId: string;
  readonly name: string;
  arguments: string;
  /** Stored with its item. */
  note?: Note;
  /** As an upstream that speaks items has it. */
  readonly item?: FunctionToolCall;
  /** Absent for a client function. */
  readonly tool?: Tool;
  /** The id of the approval request that allows it. */
  readonly approval?: string;
  /** Set for an unknown tool: the error for the model. */
  readonly missing?: string;
  /** How a gateway call is shown; absent while it waits for an approval, or for taps that may ask for one. */
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
