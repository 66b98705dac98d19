import type { ModelChunk, PartType, wire } from "../../core/index.ts";
import { isPartType, type Part, partWords, rest, type TextItem, wordsChunk } from "./text-items.ts";
import { Untold } from "./untold-parts.ts";

/** A part that has gone out, or what of it has. */
export interface ToldPart {
  readonly type: PartType;
  /** The server's number of it. */
  label: number;
  words: string;
  annotations: number;
  /** All its words have come. */
  whole: boolean;
  /** Its `done` has come. */
  ended: boolean;
}

/**
 * How much of a message or of reasoning has gone out. Servers tell a part delta by delta, at its end, or with the
 * whole item, mostly all three: what was told is not told again, and what was not is not lost. A server's numbers
 * of parts only tell one part from another: gpt-oss on vLLM begins with 1, others change them between events.
 */
export class ToldText {
  readonly #item: TextItem["type"];
  readonly #parts: ToldPart[] = [];
  /** The part that words now belong to. */
  #last: ToldPart | undefined;
  /** Whether the server says where parts begin; otherwise another number does. */
  #announced = false;

  constructor(item: TextItem["type"]) {
    this.#item = item;
  }

  /** All words that have gone out. */
  get words(): string {
    return this.#parts.map(({ words }) => words).join("");
  }

  /** Whether a part of this type can stand in the item. */
  fits(type: PartType): boolean {
    return (this.#item === "message") === (type === "output_text" || type === "refusal");
  }

  /** A part that begins. Some servers open parts of messages in their reasoning: those are passed over. */
  begin(type: unknown, label: number, out: ModelChunk[]): void {
    if (!isPartType(type) || !this.fits(type)) return;
    this.#announced = true;
    const last = this.#last;
    // Said again, or behind its first words.
    if (last?.type === type && !last.whole && (last.label === label || last.words === "")) last.label = label;
    else this.#open(type, label, out);
  }

  /** Words of a part. Called for every delta. Those that come behind the whole of it were in that. */
  add(type: PartType, label: number, words: unknown, logprobs: unknown, out: ModelChunk[]): void {
    if (typeof words !== "string" || words === "") return;
    const last = this.#last;
    if (last?.type !== type) this.#say(this.#open(type, label, out), words, logprobs, out);
    else if (last.whole) {
      if (last.label !== label) this.#say(this.#open(type, label, out), words, logprobs, out);
    } else if (last.label === label || this.#announced) this.#say(last, words, logprobs, out);
    else this.#say(this.#open(type, label, out), words, logprobs, out);
  }

  /** All words of a part, after its deltas or in place of them. Where the two differ the deltas stand. */
  whole(type: PartType, label: number, all: unknown, logprobs: unknown, out: ModelChunk[]): void {
    if (typeof all !== "string" || all === "") return;
    const named = this.#named(type, label, all);
    if (named === "over") return;
    const told = named ?? this.#open(type, label, out);
    // What the deltas said had its logprobs there.
    this.#say(told, rest(all, told.words), told.words === "" ? logprobs : undefined, out);
    told.whole = true;
  }

  annotation(label: number, annotation: wire.Annotation | undefined, out: ModelChunk[]): void {
    if (!annotation || this.#item !== "message") return;
    const last = this.#last?.type === "output_text" ? this.#last : this.#open("output_text", label, out);
    last.annotations += 1;
    out.push({ type: "annotation", annotation });
  }

  /** A part as it ends. One that another has followed can get no more words. */
  end(part: Part | undefined, label: number, out: ModelChunk[]): void {
    if (!isPartType(part?.type) || !this.fits(part.type)) return;
    const all = partWords(part);
    const named = this.#named(part.type, label, all);
    if (named === "over") return;
    const told = named ?? this.#open(part.type, label, out);
    this.#rest(told, part, out);
    told.whole = true;
    told.ended = true;
  }

  /** All parts of the item as it ends. */
  endItem(item: TextItem, out: ModelChunk[]): void {
    const content = typeof item.content === "string" ? [plainText(item.content)] : item.content;
    const parts = [...listOf<Part>(item.type === "reasoning" ? item.summary : []), ...listOf<Part>(content)];
    const untold = new Untold(parts, this.#parts);
    for (const part of parts) {
      if (!isPartType(part?.type) || !this.fits(part.type)) continue;
      const rest = untold.next(part.type, partWords(part));
      if (rest === "part") this.#rest(this.#open(part.type, this.#parts.length, out), part, out);
      else if (this.#last && rest !== undefined) this.#more(this.#last, part, rest, out);
    }
  }

  /** The part that an event about a whole part means: the last one, "over" for an earlier one, or none yet. */
  #named(type: PartType, label: number, all: unknown): ToldPart | "over" | undefined {
    const last = this.#last;
    if (last?.type === type) {
      if (last.label === label) return last;
      if (!last.ended && typeof all === "string" && (all.startsWith(last.words) || last.words.endsWith(all)))
        return last;
    }
    return this.#parts.some((part) => part.type === type && part.label === label) ? "over" : undefined;
  }

  #open(type: PartType, label: number, out: ModelChunk[]): ToldPart {
    const part = { type, label, words: "", annotations: 0, whole: false, ended: false };
    this.#parts.push(part);
    this.#last = part;
    out.push({ type: "part", part: type });
    return part;
  }

  #say(part: ToldPart, words: string, logprobs: unknown, out: ModelChunk[]): void {
    if (words === "") return;
    part.words += words;
    out.push(wordsChunk(part.type, words, logprobs));
  }

  /** What `part` says beyond what was told of it. */
  #rest(told: ToldPart, part: Part, out: ModelChunk[]): void {
    this.#more(told, part, rest(partWords(part), told.words), out);
  }

  #more(told: ToldPart, part: Part, words: string, out: ModelChunk[]): void {
    const logprobs = told.words === "" && "logprobs" in part ? part.logprobs : undefined;
    this.#say(told, words, logprobs, out);
    if (part.type !== "output_text") return;
    for (const annotation of listOf(part.annotations).slice(told.annotations))
      this.annotation(told.label, annotation, out);
  }
}

function plainText(text: string): Part {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

/** A list that may be absent, or null. */
function listOf<T>(list: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(list) ? list : [];
}
