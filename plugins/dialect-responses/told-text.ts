import type { ModelChunk, PartType, wire } from "../../core/index.ts";
import { isPartType, rest, type TextItem, wordsChunk } from "./text-items.ts";

/** A part of a message, of reasoning or of its summary. */
export type Part =
  | wire.OutputMessageContent
  | NonNullable<wire.ReasoningItem["content"]>[number]
  | wire.ReasoningItem["summary"][number];

interface ToldPart {
  words: string;
  annotations: number;
}

/**
 * How much of a message or of reasoning has gone out. Servers tell a part delta by delta, at its end, or with the
 * whole item, mostly all three: what was told is not told again, and what was not is not lost.
 */
export class ToldText {
  readonly #item: TextItem["type"];
  readonly #parts = new Map<string, ToldPart>();
  /** The part that words now belong to. */
  #last: ToldPart | undefined;

  constructor(item: TextItem["type"]) {
    this.#item = item;
  }

  /** A part that begins. Some servers open parts of messages in their reasoning: those are passed over. */
  begin(type: unknown, index: number, out: ModelChunk[]): void {
    if (isPartType(type) && this.#fits(type)) this.#part(type, index, out);
  }

  #fits(type: PartType): boolean {
    return (this.#item === "message") === (type === "output_text" || type === "refusal");
  }

  #part(type: PartType, index: number, out: ModelChunk[]): ToldPart {
    const key = `${type}/${index}`;
    const known = this.#parts.get(key);
    if (known) return known;
    const part = { words: "", annotations: 0 };
    this.#parts.set(key, part);
    this.#last = part;
    out.push({ type: "part", part: type });
    return part;
  }

  words(type: PartType, index: number, words: unknown, logprobs: unknown, out: ModelChunk[]): void {
    if (typeof words !== "string" || words === "") return;
    this.#part(type, index, out).words += words;
    out.push(wordsChunk(type, words, logprobs));
  }

  /** All words of a part, after its deltas or in place of them. */
  ended(type: PartType, index: number, all: unknown, logprobs: unknown, out: ModelChunk[]): void {
    const told = this.#parts.get(`${type}/${index}`)?.words ?? "";
    // What the deltas said had its logprobs there.
    this.words(type, index, rest(all, told), told === "" ? logprobs : undefined, out);
  }

  annotation(index: number, annotation: wire.Annotation | undefined, out: ModelChunk[]): void {
    if (!annotation || this.#item !== "message") return;
    this.#part("output_text", index, out).annotations += 1;
    out.push({ type: "annotation", annotation });
  }

  /** A part as it ends. One that another has followed can get no more words. */
  whole(part: Part | undefined, index: number, out: ModelChunk[]): void {
    if (!isPartType(part?.type) || !this.#fits(part.type)) return;
    const told = this.#part(part.type, index, out);
    if (told !== this.#last) return;
    const all = part.type === "refusal" ? part.refusal : part.text;
    this.ended(part.type, index, all, "logprobs" in part ? part.logprobs : undefined, out);
    if (part.type !== "output_text") return;
    for (const annotation of part.annotations?.slice(told.annotations) ?? [])
      this.annotation(index, annotation, out);
  }

  /** All parts of the item as it ends. */
  wholeItem(item: TextItem, out: ModelChunk[]): void {
    if (item.type === "reasoning") for (const [i, part] of entriesOf(item.summary)) this.whole(part, i, out);
    if (typeof item.content === "string") this.ended("output_text", 0, item.content, undefined, out);
    else for (const [i, part] of entriesOf<Part>(item.content)) this.whole(part, i, out);
  }
}

/** Of a list that may be absent, or null. */
function entriesOf<T>(list: readonly T[] | null | undefined): Iterable<[number, T]> {
  return Array.isArray(list) ? list.entries() : [];
}
