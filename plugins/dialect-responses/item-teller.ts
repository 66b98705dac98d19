import type { ModelChunk, wire } from "../../core/index.ts";
import type { Begun } from "./begun-items.ts";
import { EVENT_KINDS, type EventKind } from "./event-kinds.ts";
import { argumentsOf, callChunk, isNamed, typedItem } from "./from-response.ts";
import { withRequired } from "./hosted-items.ts";
import { hostedBegin, hostedEnd, hostedEvent } from "./hosted-stages.ts";
import { isTextItem, type Part, rest, type TextItem, withoutWords } from "./text-items.ts";
import { wholeHosted } from "./whole-hosted.ts";
import type { ServerEvent } from "./wire-event.ts";
import { withoutNulls } from "./without-nulls.ts";

/** Turns items into chunks. Each part is passed on once, whatever the server repeats or leaves out. */
export class ItemTeller {
  /** The text item whose text is being passed on. */
  live: Begun | undefined;
  /** The end of a text item, held back: whether it was cut off shows only in what follows. */
  #held: ModelChunk | undefined;

  /** Passes on the beginning of an item, if its kind can be shown before it ends. */
  open(begun: Begun, received: wire.OutputItem, out: ModelChunk[]): void {
    this.flush(out);
    const item = withoutNulls(received);
    if (item.type === "function_call") {
      // Arguments may come before the opening.
      const early = begun.args;
      if (!isNamed(item)) return;
      out.push(callChunk(item, begun.number));
      begun.sent = true;
      begun.args = "";
      this.#more(begun, early, out);
      this.#arguments(begun, item.arguments, out);
    } else if (isTextItem(item)) {
      this.live = begun;
      begun.sent = true;
      out.push({ type: "item", stage: "added", item: withoutWords(item) });
    } else if (begun.id !== undefined) {
      begun.sent = true;
      out.push({ type: "item", stage: "added", item: withRequired(typedItem(item)) });
      hostedBegin(begun, out);
    }
  }

  /** Passes on an event within an item. */
  within(begun: Begun, event: ServerEvent, out: ModelChunk[]): void {
    const kind = EVENT_KINDS.get(event.type);
    if (!kind) {
      if (begun.sent) hostedEvent(begun, event, out);
    } else if (kind.brings === "arguments") this.#more(begun, event.delta, out);
    else if (kind.brings === "all-arguments") this.#arguments(begun, event.arguments, out);
    else this.#inText(begun, kind, event, out);
  }

  #inText(begun: Begun, { brings, part }: EventKind, event: ServerEvent, out: ModelChunk[]): void {
    const { text } = begun;
    const at = event.summary_index ?? event.content_index ?? 0;
    if (!begun.sent) this.open(begun, impliedItem(begun), out);
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

  /** Passes on the rest of an item at its end. */
  end(begun: Begun, received: wire.OutputItem, out: ModelChunk[]): void {
    const item = withoutNulls(received);
    if (item.type === "function_call") {
      begun.item ??= item;
      if (!begun.sent) this.open(begun, isNamed(item) ? item : begun.item, out);
      if (!begun.sent) callChunk(item, begun.number); // throws if the call is wrong
      this.#arguments(begun, item.arguments, out);
    } else if (isTextItem(item)) this.#endsText(begun, item, out);
    else if (!begun.sent) wholeHosted(typedItem(item), out);
    else {
      hostedEnd(begun, item, out);
      const done = { ...typedItem(item), id: begun.id } as wire.OutputItem;
      out.push({ type: "item", stage: "done", item: done });
    }
    begun.done = true;
  }

  #endsText(begun: Begun, item: TextItem, out: ModelChunk[]): void {
    if (!begun.sent) this.open(begun, item, out);
    begun.text.endItem(item, out);
    this.#held = { type: "item", stage: "done", item: withoutWords({ ...item, id: begun.id } as TextItem) };
    if (this.live === begun) this.live = undefined;
  }

  /** Passes on the end of the last text item, which was not cut off. */
  flush(out: ModelChunk[]): void {
    if (this.#held) out.push(this.#held);
    this.#held = undefined;
  }

  /** Passes on the rest of a call's arguments. */
  #arguments(begun: Begun, all: unknown, out: ModelChunk[]): void {
    this.#more(begun, rest(argumentsOf(all), begun.args), out);
  }

  #more(begun: Begun, delta: unknown, out: ModelChunk[]): void {
    if (typeof delta !== "string" || delta === "") return;
    begun.args += delta;
    if (begun.sent) out.push({ type: "tool_arguments", index: begun.number, delta });
  }
}

/** The opening of an item for which the server sent none. */
function impliedItem({ kind, id }: Begun): wire.OutputItem {
  const named = id === undefined ? {} : { id };
  return (
    kind === "reasoning"
      ? { ...named, type: "reasoning", summary: [] }
      : { ...named, type: "message", role: "assistant", status: "in_progress", content: [] }
  ) as wire.OutputItem;
}
