import { itemIdOf } from "../ids.ts";
import type { EventDraft } from "../protocol/events.ts";
import { isModelItem, type Note, type StoredItem } from "../protocol/items.ts";
import type { OutputItem } from "../protocol/wire.ts";
import { done, type Ending, type Place } from "./open-items.ts";

/** What a client sees of a whole item. */
export type Mask = (item: OutputItem) => OutputItem;

/** The output of one response: hands out places in the order in which items open, and keeps what has ended. */
export class Output {
  /** Every finished item, by `output_index`, whole; holes are items that are still open. */
  readonly items: StoredItem[] = [];
  /** The turn that items now belong to. */
  turn = 0;
  readonly #responseId: string;
  readonly #mask: Mask;
  #next = 0;
  /** The note of this turn, until the turn has an item to keep it with. */
  #note: Note | undefined;
  /** Ids that items brought, with the turn that brought them last. */
  readonly #brought = new Map<string, number>();

  constructor(responseId: string, mask: Mask) {
    this.#responseId = responseId;
    this.#mask = mask;
  }

  /** The next place. `id` for an item that brings its own, which it keeps unless another has it already. */
  take(idPrefix: string, id?: string): Place {
    const outputIndex = this.#next++;
    const isNew = id && !this.#brought.has(id);
    if (id) this.#brought.set(id, this.turn);
    return { id: isNew ? id : itemIdOf(this.#responseId, idPrefix, outputIndex), outputIndex };
  }

  beginTurn(turn: number): void {
    this.turn = turn;
    this.#note = undefined;
  }

  /** Adds a note to this turn's first item that a model reads. */
  addNote(note: Note): void {
    const first = this.items.find((stored) => stored?.turn === this.turn && isModelItem(stored.item));
    if (first) first.note = { ...first.note, ...note };
    else this.#note = { ...this.#note, ...note };
  }

  /** The output index of the next item. */
  get next(): number {
    return this.#next;
  }

  get broughtIds(): readonly string[] {
    return [...this.#brought.keys()];
  }

  /** Whether an item of this turn has brought this id: some servers count theirs anew in each answer. */
  hasTaken(id: string): boolean {
    return this.#brought.get(id) === this.turn;
  }

  mask(item: OutputItem): OutputItem {
    return this.#mask(item);
  }

  /** Ends an item as `item`: its last events, then `output_item.done`. */
  close({ outputIndex, note, item: whole, end }: Ending, out: EventDraft[], item = whole): void {
    out.push(...end(item), done(outputIndex, this.#mask(item)));
    const kept = this.#note ? { ...note, ...this.#note } : note;
    this.#note = undefined;
    this.items[outputIndex] = kept ? { item, turn: this.turn, note: kept } : { item, turn: this.turn };
  }

  isClosed(place: Place): boolean {
    return this.items[place.outputIndex] !== undefined;
  }

  /** The finished items as the client sees them. */
  shown(): OutputItem[] {
    return this.finished().map((stored) => this.#mask(stored.item as OutputItem));
  }

  /** The finished items, whole. Places that were taken and never filled leave no hole. */
  finished(): StoredItem[] {
    return this.items.filter(Boolean);
  }
}
