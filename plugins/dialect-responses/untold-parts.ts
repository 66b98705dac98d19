import type { PartType } from "../../core/index.ts";
import { type Part, partWords } from "./text-items.ts";
import type { ToldPart } from "./told-text.ts";

/** What of one type of parts has been told. */
interface Told {
  /** Parts that are open or over. */
  parts: number;
  words: string;
  /** Characters of the list that were told and not yet come to. */
  left: number;
  /** The list does not begin with what was told. */
  differs: boolean;
}

/**
 * Compares the parts of a whole item with those that were told. Numbers count for nothing: the words of one type
 * of parts, one behind the other, are what was told of them.
 */
export class Untold {
  readonly #told = new Map<PartType, Told>();
  readonly #last: ToldPart | undefined;
  /** Parts of the list that have been asked for, by type. */
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
   * What of the next part of the list is to be told: "part" all of it, as a part of its own; words, which belong to
   * the part that is open, or none of them but what else it brings; `undefined` nothing.
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
