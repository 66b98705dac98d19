import { type ModelChunk, UpstreamError, type wire } from "../../core/index.ts";
import { toErrorInStream } from "../dialect-chat/index.ts";
import { type Begun, BegunItems, kindOf } from "./begun-items.ts";
import { EVENT_KINDS } from "./event-kinds.ts";
import { type Ending, endOf, saidNothing, toNonsense } from "./from-response.ts";
import { ItemTeller } from "./item-teller.ts";
import { matchStreamed } from "./match-streamed.ts";
import type { ServerEvent, ServerResponse } from "./wire-event.ts";

/** Turns the events of a Responses stream into model chunks. Messages and reasoning are passed on one at a time. */
export class ResponsesDecoder {
  readonly #ending: Ending;
  readonly #items = new BegunItems();
  readonly #teller = new ItemTeller();
  #end: ServerResponse | undefined;

  constructor(ending: Ending) {
    this.#ending = ending;
  }

  /** Whether the model has written anything. Until then, an error concerns the request. */
  get begun(): boolean {
    return this.#items.all.length > 0 || this.finished;
  }

  /** Whether the terminal event has come. */
  get finished(): boolean {
    return this.#end !== undefined;
  }

  /** @throws UpstreamError if the server reports an error, or sends something that cannot be read */
  push(event: ServerEvent, out: ModelChunk[]): void {
    try {
      this.#push(event, out);
    } catch (error) {
      throw toNonsense(error);
    }
  }

  /** Call after the last event. Adds usage and `finish`. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void {
    const response = this.#end;
    if (!response) {
      this.#teller.flush(out);
      throw new UpstreamError(502, "the model server broke off before its answer was complete");
    }
    try {
      do {
        this.#teller.live = undefined;
        this.#goOn(out);
      } while (this.#teller.live);
      this.#neverStreamed(response, out);
    } catch (error) {
      throw toNonsense(error);
    }
    this.#teller.flush(out);
    if (response.status === undefined && this.#items.all.length === 0) throw saidNothing();
    endOf(response, this.#items.all.some(isSentCall), out, this.#ending);
  }

  /** Adds the rest of the answer, from a server that sends it only at the end or does not end its items. */
  #neverStreamed({ output }: ServerResponse, out: ModelChunk[]): void {
    if (!Array.isArray(output)) return;
    for (const { item, begun } of matchStreamed(output, this.#items.all)) {
      if (begun?.done) continue;
      this.#teller.end(begun ?? this.#items.begin(kindOf(item), undefined, idIn(item), undefined), item, out);
      this.#teller.live = undefined;
    }
  }

  #push(event: ServerEvent, out: ModelChunk[]): void {
    switch (event.type) {
      case "response.completed":
      case "response.incomplete":
        this.#end = event.response ?? {};
        return;
      case "response.failed":
        this.#teller.flush(out);
        throw toErrorInStream(event.response?.error, this.#ending.secrets);
      case "error":
        this.#teller.flush(out);
        throw toErrorInStream(event.error ?? event, this.#ending.secrets);
    }
    this.#teller.flush(out);
    const begun = this.#begunOf(event, out);
    if (begun === undefined || begun.done) return;
    if (begun.waiting) begun.waiting.push(event);
    else this.#inItem(begun, event, out);
  }

  #inItem(begun: Begun, event: ServerEvent, out: ModelChunk[]): void {
    if (event.type !== "response.output_item.done") {
      this.#teller.within(begun, event, out);
      return;
    }
    this.#teller.end(begun, event.item as wire.OutputItem, out);
    this.#goOn(out);
  }

  /** The item of an event; begins it if this is its first event. */
  #begunOf(event: ServerEvent, out: ModelChunk[]): Begun | undefined {
    const { type, output_index: index, item_id: id } = event;
    if (type === "response.output_item.added") return this.#added(index, event.item as wire.OutputItem, out);
    if (type === "response.output_item.done") {
      const item = event.item as wire.OutputItem;
      const kind = kindOf(item);
      return this.#items.ending(kind, index, item) ?? this.#begin(kind, index, idIn(item), undefined, out);
    }
    const kind = EVENT_KINDS.get(type);
    if (!kind) return this.#items.hosted(type, index, id);
    if (kind.brings === "begin" || kind.brings === "end") {
      const begun = this.#items.withParts(index, id);
      if (begun || kind.brings === "begin") return begun;
    }
    return this.#items.of(kind.of, index, id) ?? this.#begin(kind.of, index, id, undefined, out);
  }

  #added(index: unknown, item: wire.OutputItem, out: ModelChunk[]): Begun | undefined {
    const kind = kindOf(item);
    const again = this.#items.again(kind, index, item);
    if (!again) {
      this.#begin(kind, index, idIn(item), item, out).added = true;
      return undefined;
    }
    again.added = true;
    if (again.sent || again.waiting || again.done) return undefined;
    again.item = item;
    this.#teller.open(again, item, out);
    return undefined;
  }

  /** Begins an item, now or when its turn comes. `item` is absent if the server has not sent the opening. */
  #begin(
    kind: Begun["kind"],
    index: unknown,
    id: unknown,
    item: wire.OutputItem | undefined,
    out: ModelChunk[],
  ): Begun {
    const begun = this.#items.begin(kind, index, id, item);
    if ((kind === "message" || kind === "reasoning") && this.#teller.live) {
      // Items without an index come one after the other.
      if (index === undefined || index === this.#teller.live.index || !this.#teller.live.added)
        this.#teller.live.done = true;
      else {
        begun.waiting = [];
        return begun;
      }
    }
    if (item) this.#teller.open(begun, item, out);
    return begun;
  }

  /** Continues with the events that had to wait for a text item, which has ended. */
  #goOn(out: ModelChunk[]): void {
    while (this.#teller.live === undefined) {
      const next = this.#items.all.find(({ waiting }) => waiting !== undefined);
      if (!next) return;
      const events = next.waiting ?? [];
      next.waiting = undefined;
      if (next.item) this.#teller.open(next, next.item, out);
      for (const event of events) if (!next.done) this.#inItem(next, event, out);
    }
  }
}

function isSentCall({ kind, sent }: Begun): boolean {
  return kind === "call" && sent;
}

function idIn(item: wire.OutputItem): unknown {
  return (item as { id?: unknown }).id;
}
