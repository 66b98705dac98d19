import { idPrefixOf } from "../protocol/catalogue.ts";
import type { PartType } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { Annotation, LogProb, OutputItem } from "../protocol/wire.ts";
import type { Ending } from "./open-items.ts";
import {
  endedAs,
  type OpenPart,
  type OpenText,
  openingEvent,
  openPart,
  openText,
  partAdded,
  partDone,
  type TextItem,
  textItem,
  toPart,
  usualPart,
  type WordsKind,
} from "./open-text.ts";
import type { Output } from "./output.ts";

const NO_LOGPROBS: LogProb[] = [];

/** The messages and reasoning of a response. One is open at a time: it is opened, filled and closed. */
export class Texts {
  readonly #output: Output;
  /** Whether the client asked for logprobs; an upstream may send them unasked. */
  readonly #logprobs: boolean;
  #open: OpenText | undefined;

  constructor(output: Output, logprobs: boolean) {
    this.#output = output;
    this.#logprobs = logprobs;
  }

  open(item: TextItem, out: EventDraft[]): void {
    const place = this.#output.take(idPrefixOf(item.type), item.id);
    this.#open = openText(place, item);
    out.push(openingEvent(this.#open));
  }

  add(kind: WordsKind, text: string, logprobs: readonly LogProb[] | undefined, out: EventDraft[]): void {
    const open = this.#open;
    if (!open || (text === "" && !logprobs?.length)) return;
    const part = open.part?.kind === kind ? open.part : this.#beginPart(open, usualPart(kind), out);
    part.text += text;
    const { id: item_id, outputIndex: output_index } = open;
    if (part.type === "output_text") {
      let shown = NO_LOGPROBS;
      if (logprobs && this.#logprobs) {
        part.logprobs.push(...logprobs);
        shown = logprobs as LogProb[]; // drafts are never changed
      }
      out.push({
        type: "response.output_text.delta",
        item_id,
        output_index,
        content_index: part.index,
        delta: text,
        logprobs: shown,
      });
    } else if (part.type === "summary_text") {
      const at = { item_id, output_index, summary_index: part.index };
      out.push({ type: "response.reasoning_summary_text.delta", ...at, delta: text });
    } else {
      const type = kind === "reasoning" ? "response.reasoning_text.delta" : "response.refusal.delta";
      out.push({ type, item_id, output_index, content_index: part.index, delta: text });
    }
  }

  annotate(annotation: Annotation, out: EventDraft[]): void {
    const open = this.#open;
    const part = open?.part;
    if (part?.type !== "output_text" || !open) return;
    const at = { item_id: open.id, output_index: open.outputIndex, content_index: part.index };
    const annotation_index = part.annotations.length;
    part.annotations.push(annotation);
    out.push({ type: "response.output_text.annotation.added", ...at, annotation_index, annotation });
  }

  /** A further part of the open item. */
  beginPart(type: PartType, out: EventDraft[]): void {
    const open = this.#open;
    if (open && (open.received.type === "message") === (type === "output_text" || type === "refusal"))
      this.#beginPart(open, type, out);
  }

  /**
   * The item as it ends: with the words that were shown. `undefined` if it has ended already. One that comes whole is
   * opened and shown first.
   */
  ending(received: TextItem, out: EventDraft[]): Ending | undefined {
    if (!this.#open || this.#open.received.id !== received.id) {
      if (received.id !== undefined && this.#output.hasTaken(received.id)) return undefined;
      // A plugin has dropped its opening, and its words have made a message of their own.
      if (received.type === "message" && received.content.length === 0) return undefined;
      this.open(received, out);
    }
    const open = this.#open as OpenText;
    if (!open.part && open.content.length === 0 && open.summary.length === 0) this.#addWhole(received, out);
    return this.#ending(open, received);
  }

  /** Ends what is open, cut off where it is. */
  closeAll(out: EventDraft[]): void {
    const open = this.#open;
    if (open) this.#output.close(this.#ending(open, endedAs("incomplete", open.received)), out);
  }

  #ending(open: OpenText, received: TextItem): Ending {
    const { outputIndex, part } = open;
    const end = (item: OutputItem) => {
      this.#open = undefined;
      const ended = part && partOf(item as TextItem, part);
      return part && ended ? partDone(open, part, ended) : [];
    };
    return { outputIndex, item: textItem(open, received), isCutOff: received.status === "incomplete", end };
  }

  /** The parts of an item that came whole. */
  #addWhole(item: TextItem, out: EventDraft[]): void {
    for (const part of [...(item.type === "reasoning" ? item.summary : []), ...(item.content ?? [])]) {
      this.beginPart(part.type, out);
      if (part.type === "output_text") {
        this.add("text", part.text.toWellFormed(), part.logprobs, out);
        for (const annotation of part.annotations) this.annotate(annotation, out);
      } else if (part.type === "refusal") this.add("refusal", part.refusal.toWellFormed(), undefined, out);
      else this.add("reasoning", part.text.toWellFormed(), undefined, out);
    }
  }

  #beginPart(open: OpenText, type: PartType, out: EventDraft[]): OpenPart {
    const last = open.part;
    if (last) {
      const ended = toPart(last);
      out.push(...partDone(open, last, ended));
      if (ended.type === "summary_text") open.summary.push(ended);
      else open.content.push(ended);
    }
    const part = openPart(open, type);
    open.part = part;
    out.push(partAdded(open, part));
    return part;
  }
}

function partOf(item: TextItem, { type, index }: OpenPart) {
  return (type === "summary_text" && item.type === "reasoning" ? item.summary : item.content)?.[index];
}
