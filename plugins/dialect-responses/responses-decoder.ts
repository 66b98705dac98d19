import { type ModelChunk, UpstreamError, type wire } from "../../core/index.ts";
import { toErrorInStream } from "../dialect-chat/index.ts";
import { type Begun, BegunItems, kindOf } from "./begun-items.ts";
import { EVENT_KINDS, type EventKind } from "./event-kinds.ts";
import {
  argumentsOf,
  callChunk,
  type Ending,
  endOf,
  isNamed,
  toNonsense,
  typedItem,
} from "./from-response.ts";
import { toDraft, withRequired } from "./hosted-items.ts";
import { isTextItem, type Part, rest, type TextItem, withoutWords } from "./text-items.ts";
import { toldBefore } from "./told-before.ts";
import { wholeHosted } from "./whole-hosted.ts";
import type { ServerEvent, ServerResponse } from "./wire-event.ts";
import { withoutNulls } from "./without-nulls.ts";

/** From events of a Responses stream to model chunks. One message or reasoning item is told at a time. */
export class ResponsesDecoder {
  readonly #ending: Ending;
  readonly #items = new BegunItems();
  /** The text item whose words go out; events of others wait for its end. */
  #live: Begun | undefined;
  /** The end of a text item: whether it was cut off is known by what follows. */
  #held: ModelChunk | undefined;
  #end: ServerResponse | undefined;

  constructor(ending: Ending) {
    this.#ending = ending;
  }

  /** Whether the model has said anything: before, an error is one of the request. */
  get begun(): boolean {
    return this.#items.all.length > 0 || this.finished;
  }

  /** Whether the terminal event has come. */
  get finished(): boolean {
    return this.#end !== undefined;
  }

  /** @throws UpstreamError when the server reports an error, or says what makes no sense */
  push(event: ServerEvent, out: ModelChunk[]): void {
    try {
      this.#push(event, out);
    } catch (error) {
      throw toNonsense(error);
    }
  }

  /** After the last event: usage and `finish`. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void {
    const response = this.#end;
    if (!response) {
      this.#flush(out);
      throw new UpstreamError(502, "the model server broke off before its answer was complete");
    }
    try {
      do {
        this.#live = undefined;
        this.#goOn(out);
      } while (this.#live);
      this.#neverStreamed(response, out);
    } catch (error) {
      throw toNonsense(error);
    }
    this.#flush(out);
    endOf(response, this.#items.all.some(isToldCall), out, this.#ending);
  }

  /** Of a server that says all at the end, or that does not end its items. */
  #neverStreamed({ output }: ServerResponse, out: ModelChunk[]): void {
    if (!Array.isArray(output)) return;
    for (const { item, begun } of toldBefore(output, this.#items.all)) {
      if (begun?.done) continue;
      this.#ends(begun ?? this.#items.begin(kindOf(item), undefined, idIn(item), undefined), item, out);
      this.#live = undefined;
    }
  }

  #push(event: ServerEvent, out: ModelChunk[]): void {
    switch (event.type) {
      case "response.completed":
      case "response.incomplete":
        this.#end = event.response ?? {};
        return;
      case "response.failed":
        this.#flush(out);
        throw toErrorInStream(event.response?.error, this.#ending.secrets);
      case "error":
        this.#flush(out);
        throw toErrorInStream(event.error ?? event, this.#ending.secrets);
    }
    if (this.#held) this.#flush(out);
    const begun = this.#begunOf(event, out);
    if (begun === undefined || begun.done) return;
    if (begun.waiting) begun.waiting.push(event);
    else this.#inItem(begun, event, out);
  }

  /** The item that an event is of; it begins here if the event is its first. */
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
    if (again.told || again.waiting) return undefined;
    again.item = item;
    this.#open(again, item, out);
    return undefined;
  }

  /** Takes its turn, or waits for it. `item` is absent where the server has not said what begins. */
  #begin(
    kind: Begun["kind"],
    index: unknown,
    id: unknown,
    item: wire.OutputItem | undefined,
    out: ModelChunk[],
  ): Begun {
    const begun = this.#items.begin(kind, index, id, item);
    if ((kind === "message" || kind === "reasoning") && this.#live) {
      // Where items have no numbers of their own, they come one after the other.
      if (index === undefined || index === this.#live.index || !this.#live.added) this.#live.done = true;
      else {
        begun.waiting = [];
        return begun;
      }
    }
    if (item) this.#open(begun, item, out);
    return begun;
  }

  #open(begun: Begun, told: wire.OutputItem, out: ModelChunk[]): void {
    this.#flush(out);
    const item = withoutNulls(told);
    if (item.type === "function_call") {
      // What has come of the arguments already came too early.
      const early = begun.args;
      if (!isNamed(item)) return;
      out.push(callChunk(item, begun.number));
      begun.told = true;
      begun.args = "";
      this.#more(begun, early, out);
      this.#arguments(begun, item.arguments, out);
    } else if (isTextItem(item)) {
      this.#live = begun;
      begun.told = true;
      out.push({ type: "item", stage: "added", item: withoutWords(item) });
    } else if (begun.id !== undefined) {
      begun.told = true;
      out.push({ type: "item", stage: "added", item: withRequired(typedItem(item)) });
    }
  }

  #inItem(begun: Begun, event: ServerEvent, out: ModelChunk[]): void {
    if (event.type === "response.output_item.done") {
      this.#ends(begun, event.item as wire.OutputItem, out);
      this.#goOn(out);
      return;
    }
    const kind = EVENT_KINDS.get(event.type);
    if (!kind) {
      if (begun.told && typeof event.type === "string" && event.type.startsWith("response."))
        out.push({ type: "item_event", event: toDraft(event, begun.id) });
    } else if (kind.brings === "arguments") this.#more(begun, event.delta, out);
    else if (kind.brings === "all-arguments") this.#arguments(begun, event.arguments, out);
    else this.#inText(begun, kind, event, out);
  }

  #inText(begun: Begun, { brings, part }: EventKind, event: ServerEvent, out: ModelChunk[]): void {
    const { text } = begun;
    const at = event.summary_index ?? event.content_index ?? 0;
    if (!begun.told) this.#open(begun, impliedItem(begun), out);
    switch (brings) {
      case "delta":
        text.add(part, at, event.delta, event.logprobs, out);
        return;
      case "whole":
        text.whole(part, at, part === "refusal" ? event.refusal : event.text, event.logprobs, out);
        return;
      case "begin":
        text.begin(event.part?.type, at, out);
        return;
      case "end":
        text.end(event.part as Part | undefined, at, out);
        return;
      case "annotation":
        text.annotation(at, event.annotation, out);
    }
  }

  /** An item as it ends, however much of it has been told. */
  #ends(begun: Begun, told: wire.OutputItem, out: ModelChunk[]): void {
    const item = withoutNulls(told);
    if (item.type === "function_call") {
      begun.item ??= item;
      if (!begun.told) this.#open(begun, isNamed(item) ? item : begun.item, out);
      if (!begun.told) callChunk(item, begun.number); // which says what is wrong with it
      this.#arguments(begun, item.arguments, out);
    } else if (isTextItem(item)) this.#endsText(begun, item, out);
    else if (!begun.told) wholeHosted(typedItem(item), out);
    else
      out.push({
        type: "item",
        stage: "done",
        item: { ...typedItem(item), id: begun.id } as wire.OutputItem,
      });
    begun.done = true;
  }

  #endsText(begun: Begun, item: TextItem, out: ModelChunk[]): void {
    if (!begun.told) this.#open(begun, item, out);
    begun.text.endItem(item, out);
    this.#held = { type: "item", stage: "done", item: withoutWords({ ...item, id: begun.id } as TextItem) };
    if (this.#live === begun) this.#live = undefined;
  }

  #flush(out: ModelChunk[]): void {
    if (this.#held) out.push(this.#held);
    this.#held = undefined;
  }

  /** What had to wait for a text item that has ended. */
  #goOn(out: ModelChunk[]): void {
    while (this.#live === undefined) {
      const next = this.#items.all.find(({ waiting }) => waiting !== undefined);
      if (!next) return;
      const events = next.waiting ?? [];
      next.waiting = undefined;
      if (next.item) this.#open(next, next.item, out);
      for (const event of events) if (!next.done) this.#inItem(next, event, out);
    }
  }

  /** All arguments of a call, of which some may have come. */
  #arguments(begun: Begun, all: unknown, out: ModelChunk[]): void {
    this.#more(begun, rest(argumentsOf(all), begun.args), out);
  }

  #more(begun: Begun, delta: unknown, out: ModelChunk[]): void {
    if (typeof delta !== "string" || delta === "") return;
    begun.args += delta;
    if (begun.told) out.push({ type: "tool_arguments", index: begun.number, delta });
  }
}

/** What an item is whose opening has not come. */
function impliedItem({ kind, id }: Begun): wire.OutputItem {
  const named = id === undefined ? {} : { id };
  return (
    kind === "reasoning"
      ? { ...named, type: "reasoning", summary: [] }
      : { ...named, type: "message", role: "assistant", status: "in_progress", content: [] }
  ) as wire.OutputItem;
}

function isToldCall({ kind, told }: Begun): boolean {
  return kind === "call" && told;
}

function idIn(item: wire.OutputItem): unknown {
  return (item as { id?: unknown }).id;
}
