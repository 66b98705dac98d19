import { entryOf } from "../protocol/catalogue.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { OutputItem } from "../protocol/wire.ts";
import { added, type Ending, type Place } from "./open-items.ts";
import type { Output } from "./output.ts";

interface OpenHosted extends Place {
  /** The upstream's own id: mostly the one that is shown. */
  upstreamId: string;
  /** As it was last shown. */
  item: OutputItem;
  /** The events that say that it has ended: they wait until `onOutputItem` has seen the whole item. */
  ending: EventDraft[];
  /** What has streamed of code that is not complete. */
  code?: string | undefined;
}

/** Items of tools that the upstream runs itself: they pass with their ids, at places of this response. */
export class HostedItems {
  readonly #output: Output;
  readonly #open = new Map<string, OpenHosted>();
  readonly #places = new Set<number>();

  constructor(output: Output) {
    this.#output = output;
  }

  open(item: OutputItem, out: EventDraft[]): void {
    const open = this.#take(item);
    const before = this.#open.get(open.upstreamId);
    if (before) this.#cutOff(before, out);
    if (item.type === "code_interpreter_call") open.code = "";
    this.#open.set(open.upstreamId, open);
    out.push(added(open.outputIndex, this.#output.mask(open.item)));
  }

  #take(item: OutputItem): OpenHosted {
    const { id } = item as { id?: string };
    const place = this.#output.take("item", id);
    this.#places.add(place.outputIndex);
    return {
      ...place,
      upstreamId: id ?? place.id,
      item: { ...item, id: place.id } as OutputItem,
      ending: [],
    };
  }

  /** Whether the item at this place is one of them. */
  has(outputIndex: number): boolean {
    return this.#places.has(outputIndex);
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

  /** The whole item, which ends. One that comes whole opens as it ends; `undefined` if it has ended before. */
  ending(item: OutputItem): Ending | undefined {
    const { id } = item as { id?: string };
    const open = id === undefined ? undefined : this.#open.get(id);
    if (open) return this.#ending(open, item, open.ending);
    if (id !== undefined && this.#output.hasTaken(id)) return undefined;
    const whole = this.#take(item);
    return this.#ending(whole, item, [added(whole.outputIndex, this.#output.mask(begun(whole.item)))]);
  }

  /** Ends what the upstream left open, cut off where it is. */
  closeAll(out: EventDraft[]): void {
    for (const open of [...this.#open.values()]) this.#cutOff(open, out);
  }

  /** Code that was shown stays. */
  #cutOff(open: OpenHosted, out: EventDraft[]): void {
    const { code, id: item_id, outputIndex: output_index } = open;
    const type = "response.code_interpreter_call_code.done";
    const events: EventDraft[] = code === undefined ? [] : [{ type, item_id, output_index, code }];
    const item = code === undefined ? open.item : ({ ...open.item, code } as OutputItem);
    this.#output.close(this.#ending(open, cutOff(item), events), out);
  }

  #ending(open: OpenHosted, whole: OutputItem, events: readonly EventDraft[]): Ending {
    const item = { ...whole, id: open.id } as OutputItem;
    const end = () => {
      this.#open.delete(open.upstreamId);
      return events;
    };
    return {
      outputIndex: open.outputIndex,
      item,
      isCutOff: "status" in item && item.status === "incomplete",
      end,
    };
  }
}

/** An item as it opens, of one that comes whole. */
function begun(item: OutputItem): OutputItem {
  return "status" in item ? ({ ...item, status: "in_progress" } as OutputItem) : item;
}

function cutOff(item: OutputItem): OutputItem {
  const { cutOff: status = "incomplete" } = entryOf(item.type) ?? {};
  return "status" in item && status ? ({ ...item, status } as OutputItem) : item;
}
