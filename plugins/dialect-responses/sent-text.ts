import type { ModelChunk, PartType, wire } from "../../core/index.ts";
import { MissingParts, type SentPart } from "./missing-parts.ts";
import { isPartType, type Part, partWords, rest, type TextItem, wordsChunk } from "./text-items.ts";

/**
 * Keeps how much of a message or of reasoning was passed on. Servers send a part in deltas, at its end, and with the
 * whole item, mostly all three; everything is passed on exactly once. A server's index only distinguishes one part from
 * the next: gpt-oss on vLLM begins with 1, and some servers change it between events.
 */
export class SentText {
  readonly #item: TextItem["type"];
  readonly #parts: SentPart[] = [];
  /** The part that new text belongs to. */
  #last: SentPart | undefined;
  /** Whether the server announces where parts begin; otherwise a new index begins one. */
  #announced = false;

  constructor(item: TextItem["type"]) {
    this.#item = item;
  }

  /** All text passed on so far. */
  get words(): string {
    return this.#parts.map(({ words }) => words).join("");
  }

  /** Whether the item can have a part of this type. */
  fits(type: PartType): boolean {
    return (this.#item === "message") === (type === "output_text" || type === "refusal");
  }

  /** Begins a part. Some servers open parts of messages in their reasoning; those are ignored. */
  begin(type: unknown, label: number, out: ModelChunk[]): void {
    if (!isPartType(type) || !this.fits(type)) return;
    this.#announced = true;
    const last = this.#last;
    // The announcement is repeated, or comes before any text.
    if (last?.type === type && !last.whole && (last.label === label || last.words === "")) last.label = label;
    else this.#open(type, label, out);
  }

  /** Adds text to a part. Runs for every delta. After the whole text of a part, its further deltas are repetitions. */
  add(type: PartType, label: number, words: unknown, logprobs: unknown, out: ModelChunk[]): void {
    if (typeof words !== "string" || words === "") return;
    const last = this.#last;
    if (last?.type !== type) this.#say(this.#open(type, label, out), words, logprobs, out);
    else if (last.whole) {
      if (last.label !== label) this.#say(this.#open(type, label, out), words, logprobs, out);
    } else if (last.label === label || this.#announced) this.#say(last, words, logprobs, out);
    else this.#say(this.#open(type, label, out), words, logprobs, out);
  }

  /** Adds the whole text of a part, after its deltas or instead of them. If the two differ, the deltas count. */
  whole(type: PartType, label: number, all: unknown, logprobs: unknown, out: ModelChunk[]): void {
    if (typeof all !== "string" || all === "") return;
    const named = this.#named(type, label, all);
    if (named === "over") return;
    const sent = named ?? this.#open(type, label, out);
    // If the text came in deltas, so did its log probabilities.
    this.#say(sent, rest(all, sent.words), sent.words === "" ? logprobs : undefined, out);
    sent.whole = true;
  }

  annotation(label: number, annotation: wire.Annotation | undefined, out: ModelChunk[]): void {
    if (!annotation || this.#item !== "message") return;
    const last = this.#last?.type === "output_text" ? this.#last : this.#open("output_text", label, out);
    last.annotations += 1;
    out.push({ type: "annotation", annotation });
  }

  /** Ends a part. A part that another has followed gets no more text. */
  end(part: Part | undefined, label: number, out: ModelChunk[]): void {
    if (!isPartType(part?.type) || !this.fits(part.type)) return;
    const all = partWords(part);
    const named = this.#named(part.type, label, all);
    if (named === "over") return;
    const sent = named ?? this.#open(part.type, label, out);
    this.#rest(sent, part, out);
    sent.whole = true;
    sent.ended = true;
  }

  /** Adds what is missing of the item's parts at its end. */
  endItem(item: TextItem, out: ModelChunk[]): void {
    const content = typeof item.content === "string" ? [plainText(item.content)] : item.content;
    const parts = [...listOf<Part>(item.type === "reasoning" ? item.summary : []), ...listOf<Part>(content)];
    const missing = new MissingParts(parts, this.#parts);
    for (const part of parts) {
      if (!isPartType(part?.type) || !this.fits(part.type)) continue;
      const rest = missing.next(part.type, partWords(part));
      if (rest === "part") this.#rest(this.#open(part.type, this.#parts.length, out), part, out);
      else if (this.#last && rest !== undefined) this.#more(this.#last, part, rest, out);
    }
  }

  /** The part of an event about a whole part: the last one, "over" for an earlier one, `undefined` for a new one. */
  #named(type: PartType, label: number, all: unknown): SentPart | "over" | undefined {
    const last = this.#last;
    if (last?.type === type) {
      if (last.label === label) return last;
      if (!last.ended && typeof all === "string" && (all.startsWith(last.words) || last.words.endsWith(all)))
        return last;
    }
    return this.#parts.some((part) => part.type === type && part.label === label) ? "over" : undefined;
  }

  #open(type: PartType, label: number, out: ModelChunk[]): SentPart {
    const part = { type, label, words: "", annotations: 0, whole: false, ended: false };
    this.#parts.push(part);
    this.#last = part;
    out.push({ type: "part", part: type });
    return part;
  }

  #say(part: SentPart, words: string, logprobs: unknown, out: ModelChunk[]): void {
    if (words === "") return;
    part.words += words;
    out.push(wordsChunk(part.type, words, logprobs));
  }

  /** Passes on what was not yet passed on of `part`. */
  #rest(sent: SentPart, part: Part, out: ModelChunk[]): void {
    this.#more(sent, part, rest(partWords(part), sent.words), out);
  }

  #more(sent: SentPart, part: Part, words: string, out: ModelChunk[]): void {
    const logprobs = sent.words === "" && "logprobs" in part ? part.logprobs : undefined;
    this.#say(sent, words, logprobs, out);
    if (part.type !== "output_text") return;
    for (const annotation of listOf(part.annotations).slice(sent.annotations))
      this.annotation(sent.label, annotation, out);
  }
}

function plainText(text: string): Part {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

/** The list; empty if it is absent or null. */
function listOf<T>(list: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(list) ? list : [];
}
