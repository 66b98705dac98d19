import type { ModelChunk, PartType } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { Annotation, LogProb } from "../protocol/wire.ts";
import {
  type ItemEnd,
  isText,
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

/** Chunks that do not end an open text. */
const PASSING: ReadonlySet<ModelChunk["type"]> = new Set(["usage", "note", "annotation", "tool_arguments"]);

/**
 * The messages and reasoning of a response. One is open at a time. One that is made of chunks alone has one
 * part, and ends where other words begin; that of an upstream that speaks items ends when the upstream says so.
 */
export class Texts {
  readonly #output: Output;
  /** Whether the client asked for logprobs; an upstream may send them unasked. */
  readonly #logprobs: boolean;
  #open: OpenText | undefined;

  constructor(output: Output, logprobs: boolean) {
    this.#output = output;
    this.#logprobs = logprobs;
  }

  /** Whether the open item ends before this chunk. */
  endsAt(chunk: ModelChunk): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    if (open.native !== undefined) return endsNative(open, chunk);
    if (chunk.type === open.part?.kind) return false;
    if ((chunk.type === "text" || chunk.type === "reasoning") && chunk.text === "") return false;
    return !PASSING.has(chunk.type);
  }

  /** The open item as it would be if it ended now. */
  item(status: ItemEnd): TextItem | undefined {
    return this.#open && textItem(this.#open, status);
  }

  add(kind: WordsKind, text: string, logprobs: readonly LogProb[] | undefined, out: EventDraft[]): void {
    if (text === "" && !logprobs?.length) return;
    const open = this.#open ?? this.#begin(kind === "reasoning" ? "reasoning" : "message", out);
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

  /** Ends the open item as `item`, which `onOutputItem` may have annotated. */
  close(item: TextItem, out: EventDraft[]): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const { part } = open;
    const ended = part && partOf(item, part);
    const events = part && ended ? partDone(open, part, ended) : [];
    this.#output.close(open.outputIndex, item, events, out);
  }

  /** Opens an item of an upstream that speaks items: the words that follow belong to it. */
  openNative(item: TextItem, out: EventDraft[]): void {
    this.#begin(item.type, out, unsealed(item));
  }

  /** Whether this is the item that is open. */
  isOpen(item: TextItem): boolean {
    return this.#open?.native !== undefined && this.#open.native.id === item.id;
  }

  /** A further part of an item of an upstream that speaks items. */
  beginPart(type: PartType, out: EventDraft[]): void {
    const open = this.#open;
    if (open?.native === undefined) return;
    if ((open.type === "message") === (type === "output_text" || type === "refusal"))
      this.#beginPart(open, type, out);
  }

  /** What the upstream says of the open item at its end. Its words stay as they were shown. */
  completeNative(item: TextItem, out: EventDraft[]): TextItem {
    const open = this.#open as OpenText;
    open.native = { ...item, id: (open.native as TextItem).id } as TextItem;
    if (!open.part && open.content.length === 0 && open.summary.length === 0) this.#addWhole(item, out);
    return textItem(open, item.status === "incomplete" ? "incomplete" : "completed");
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

  #begin(type: OpenText["type"], out: EventDraft[], native?: TextItem): OpenText {
    const place = this.#output.take(type === "reasoning" ? "rs" : "msg", native?.id);
    const open = openText(place, type, native);
    this.#open = open;
    out.push(openingEvent(open));
    return open;
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

/** What the upstream sealed at the opening is not yet whole; should a plugin close the item early, it stays out. */
function unsealed(item: TextItem): TextItem {
  if (item.type !== "reasoning" || item.encrypted_content === undefined) return item;
  const { encrypted_content: _, ...begun } = item;
  return begun;
}

function partOf(item: TextItem, { type, index }: OpenPart) {
  return (type === "summary_text" && item.type === "reasoning" ? item.summary : item.content)?.[index];
}

/** Another item, the end of the turn, or words that the item cannot hold: a plugin has put them there. */
function endsNative({ type, native }: OpenText, chunk: ModelChunk): boolean {
  switch (chunk.type) {
    case "text":
    case "refusal":
      return type !== "message" && chunk.text !== "";
    case "reasoning":
      return type !== "reasoning" && chunk.text !== "";
    case "item":
      return isText(chunk.item) && (chunk.stage === "added" || chunk.item.id !== native?.id);
    default:
      return chunk.type === "stop" || chunk.type === "finish";
  }
}
