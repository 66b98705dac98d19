import type { ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { OutputItem } from "../protocol/wire.ts";
import { added } from "./open-items.ts";
import type { Output } from "./output.ts";

type ItemChunk = Extract<ModelChunk, { type: "item" }>;

interface OpenNative {
  outputIndex: number;
  /** As it was last shown. */
  item: OutputItem;
  /** The events that say how it ended: they wait until `onOutputItem` has seen the whole item. */
  ending: EventDraft[];
}

/** The items of an upstream that speaks items itself: they pass with their ids, at places of this response. */
export class NativeItems {
  readonly #output: Output;
  readonly #open = new Map<string, OpenNative>();

  constructor(output: Output) {
    this.#output = output;
  }

  add({ item }: ItemChunk, out: EventDraft[]): OpenNative {
    const id = (item as { id?: string }).id;
    const place = this.#output.take("item", id);
    const open = {
      outputIndex: place.outputIndex,
      item: { ...item, id: place.id } as OutputItem,
      ending: [],
    };
    this.#open.set(place.id, open);
    out.push(added(open.outputIndex, this.#output.mask(open.item)));
    return open;
  }

  event(event: EventDraft, out: EventDraft[]): void {
    const open = "item_id" in event ? this.#open.get(event.item_id) : undefined;
    if (!open) return;
    const placedEvent = { ...event, output_index: open.outputIndex } as EventDraft;
    if (/\.(done|completed|failed)$/.test(event.type)) open.ending.push(placedEvent);
    else out.push(placedEvent);
  }

  /** Ends an item as `item`, which `onOutputItem` may have changed; opens it first if it comes whole. */
  close(chunk: ItemChunk, item: OutputItem, out: EventDraft[]): void {
    const id = (chunk.item as { id?: string }).id;
    const open = (id === undefined ? undefined : this.#open.get(id)) ?? this.add(chunk, out);
    this.#end(open, { ...item, id: (open.item as { id: string }).id } as OutputItem, open.ending, out);
  }

  /** Ends what the upstream left open, cut off where it is. */
  closeAll(out: EventDraft[]): void {
    for (const open of [...this.#open.values()]) {
      this.#end(open, cutOff(open.item), [], out);
    }
  }

  #end(open: OpenNative, item: OutputItem, events: readonly EventDraft[], out: EventDraft[]): void {
    this.#open.delete((open.item as { id: string }).id);
    this.#output.close(open.outputIndex, item, events, out);
  }
}

/** Types whose `status` has no `incomplete`, and what it says instead; `undefined`: nothing fits. */
const CUT_OFF: Readonly<Record<string, string | undefined>> = {
  web_search_call: "failed",
  image_generation_call: "failed",
  apply_patch_call: undefined,
};

function cutOff(item: OutputItem): OutputItem {
  const status = item.type in CUT_OFF ? CUT_OFF[item.type] : "incomplete";
  return "status" in item && status ? ({ ...item, status } as OutputItem) : item;
}
