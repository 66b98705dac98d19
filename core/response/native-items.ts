import type { EventDraft } from "../protocol/events.ts";
import type { OutputItem } from "../protocol/wire.ts";
import { added, type Place } from "./open-items.ts";
import type { Output } from "./output.ts";

interface OpenNative extends Place {
  /** The upstream's own id: mostly the one that is shown. */
  told: string;
  /** As it was last shown. */
  item: OutputItem;
  /** The events that say that it has ended: they wait until `onOutputItem` has seen the whole item. */
  ending: EventDraft[];
  /** What has streamed of code that is not complete. */
  code?: string | undefined;
}

/** The items of an upstream that speaks items itself: they pass with their ids, at places of this response. */
export class NativeItems {
  readonly #output: Output;
  readonly #open = new Map<string, OpenNative>();
  readonly #places = new Set<number>();

  constructor(output: Output) {
    this.#output = output;
  }

  add(item: OutputItem, out: EventDraft[]): OpenNative {
    const id = (item as { id?: string }).id;
    const place = this.#output.take("item", id);
    const told = id ?? place.id;
    const before = this.#open.get(told);
    if (before) this.#cutOff(before, out);
    const open: OpenNative = { ...place, told, item: { ...item, id: place.id } as OutputItem, ending: [] };
    this.#open.set(told, open);
    this.#places.add(open.outputIndex);
    out.push(added(open.outputIndex, this.#output.mask(open.item)));
    return open;
  }

  /** Whether the item at this place is one of them. */
  has(outputIndex: number): boolean {
    return this.#places.has(outputIndex);
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  event(event: EventDraft, out: EventDraft[]): void {
    const open = "item_id" in event ? this.#open.get(event.item_id) : undefined;
    if (!open) return;
    const inPlace = { ...event, item_id: open.id, output_index: open.outputIndex } as EventDraft;
    if (event.type === "response.code_interpreter_call_code.delta")
      open.code = (open.code ?? "") + event.delta;
    if (event.type === "response.code_interpreter_call_code.done") open.code = undefined;
    if (/\.(completed|failed)$/.test(event.type)) open.ending.push(inPlace);
    else out.push(inPlace);
  }

  /** Ends an item as `item`, which `onOutputItem` may have changed; opens it first if it comes whole. */
  close(told: OutputItem, item: OutputItem, out: EventDraft[]): void {
    const id = (told as { id?: string }).id;
    const open = (id === undefined ? undefined : this.#open.get(id)) ?? this.add(begun(told), out);
    this.#end(open, { ...item, id: open.id } as OutputItem, open.ending, out);
  }

  /** Ends what the upstream left open, cut off where it is. */
  closeAll(out: EventDraft[]): void {
    for (const open of [...this.#open.values()]) this.#cutOff(open, out);
  }

  /** Code that was shown stays. */
  #cutOff(open: OpenNative, out: EventDraft[]): void {
    const { code, id: item_id, outputIndex: output_index } = open;
    if (code === undefined) {
      this.#end(open, cutOff(open.item), [], out);
      return;
    }
    const type = "response.code_interpreter_call_code.done";
    const item = { ...open.item, code } as OutputItem;
    this.#end(open, cutOff(item), [{ type, item_id, output_index, code }], out);
  }

  #end(open: OpenNative, item: OutputItem, events: readonly EventDraft[], out: EventDraft[]): void {
    this.#open.delete(open.told);
    this.#output.close(open.outputIndex, item, events, out);
  }
}

/** An item as it opens, of one that comes whole. */
function begun(item: OutputItem): OutputItem {
  return "status" in item ? ({ ...item, status: "in_progress" } as OutputItem) : item;
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
