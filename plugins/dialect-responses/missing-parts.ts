import type { PartType } from "../../core/index.ts";
import { type Part, partWords } from "./text-items.ts";

/** A part, as far as it was passed on. */
export interface SentPart {
  readonly type: PartType;
  /** The part's index at the server. */
  label: number;
  words: string;
  annotations: number;
  /** Whether its whole text has come. */
  whole: boolean;
  /** Whether its `done` has come. */
  ended: boolean;
}

/** What was passed on of one type of parts. */
interface Sent {
  /** The number of parts begun. */
  parts: number;
  words: string;
  /** Characters passed on that the comparison has not reached yet. */
  left: number;
  /** Whether the list does not begin with the text passed on. */
  differs: boolean;
}

/**
 * Compares the parts of a whole item with those passed on. Indices do not count: the joined text of all parts of one
 * type is compared.
 */
export class MissingParts {
  readonly #sent = new Map<PartType, Sent>();
  readonly #last: SentPart | undefined;
  /** How many parts of the list were compared, by type. */
  readonly #asked = new Map<PartType, number>();
  readonly #listed = new Map<PartType, number>();

  constructor(parts: readonly Part[], sent: readonly SentPart[]) {
    this.#last = sent.at(-1);
    for (const type of new Set(sent.map((part) => part.type))) {
      const words = sent
        .filter((part) => part.type === type)
        .map((part) => part.words)
        .join("");
      const listed = parts.filter((part) => part?.type === type).map(partWords);
      this.#listed.set(type, listed.length);
      const count = sent.filter((part) => part.type === type).length;
      this.#sent.set(type, {
        parts: count,
        words,
        left: words.length,
        differs: !listed.join("").startsWith(words),
      });
    }
  }

  /**
   * What to pass on of the next part of the list. "part": all of it, as a new part. Text: append it to the open part,
   * with the part's annotations ("": only these). `undefined`: nothing.
   */
  next(type: PartType, words: string): "part" | string | undefined {
    const at = this.#asked.get(type) ?? 0;
    this.#asked.set(type, at + 1);
    const sent = this.#sent.get(type);
    if (!sent) return "part";
    const isLast = this.#last?.type === type && at + 1 >= Math.min(sent.parts, this.#listed.get(type) ?? 0);
    if (sent.differs) {
      const isNew = (this.#listed.get(type) ?? 0) > sent.parts && !sent.words.includes(words);
      return isNew ? "part" : isLast ? "" : undefined;
    }
    const covered = Math.min(sent.left, words.length);
    sent.left -= covered;
    if (covered === words.length && (at < sent.parts || covered > 0)) return isLast ? "" : undefined;
    if (covered === 0 && at >= sent.parts) return "part";
    return isLast ? words.slice(covered) : undefined;
  }
}
