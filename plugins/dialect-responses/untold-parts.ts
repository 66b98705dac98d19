import type { PartType } from "../../core/index.ts";
import { type Part, partWords } from "./text-items.ts";

/** A part, as far as it was passed on. */
export interface ToldPart {
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
interface Told {
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
export class Untold {
  readonly #told = new Map<PartType, Told>();
  readonly #last: ToldPart | undefined;
  /** How many parts of the list were compared, by type. */
  readonly #asked = new Map<PartType, number>();
  readonly #listed = new Map<PartType, number>();

  constructor(parts: readonly Part[], told: readonly ToldPart[]) {
    this.#last = told.at(-1);
    for (const type of new Set(told.map((part) => part.type))) {
      const words = told
        .filter((part) => part.type === type)
        .map((part) => part.words)
        .join("");
      const listed = parts.filter((part) => part?.type === type).map(partWords);
      this.#listed.set(type, listed.length);
      const count = told.filter((part) => part.type === type).length;
      this.#told.set(type, {
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
    const told = this.#told.get(type);
    if (!told) return "part";
    const isLast = this.#last?.type === type && at + 1 >= Math.min(told.parts, this.#listed.get(type) ?? 0);
    if (told.differs) {
      const isNew = (this.#listed.get(type) ?? 0) > told.parts && !told.words.includes(words);
      return isNew ? "part" : isLast ? "" : undefined;
    }
    const covered = Math.min(told.left, words.length);
    told.left -= covered;
    if (covered === words.length && (at < told.parts || covered > 0)) return isLast ? "" : undefined;
    if (covered === 0 && at >= told.parts) return "part";
    return isLast ? words.slice(covered) : undefined;
  }
}
