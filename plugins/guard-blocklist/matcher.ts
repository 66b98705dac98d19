import { foldCase } from "./fold.ts";
import { type State, Trie } from "./trie.ts";

export interface MatchOptions {
  matchCase: boolean;
  /** A word counts only if there is no letter or digit next to it. */
  wholeWords: boolean;
}

export interface Found {
  /** Up to this position (in UTF-16 units) the text has no listed word, and none has begun. */
  clear: number;
  /** Whether a listed word begins at `clear`. */
  isWord: boolean;
}

/** Finds the first of many words, and a possible beginning of one at the text's end. */
export class Matcher {
  readonly #trie: Trie;
  readonly #options: MatchOptions;

  constructor(words: readonly string[], options: MatchOptions) {
    this.#options = options;
    this.#trie = new Trie(options.matchCase ? words : words.map(foldCase));
  }

  /** `before`: the text before this one, which was already searched. `ended`: nothing follows. */
  search(text: string, before = "", ended = true): Found {
    const trie = this.#trie;
    const folded = this.#options.matchCase ? text : foldCase(text);
    let state: State = 0;
    let start = Infinity;
    for (let at = 0; at < folded.length; at++) {
      state = trie.next(state, folded.charCodeAt(at));
      if (state === 0 && start === Infinity) continue;
      start = Math.min(start, this.#wordStart(state, text, at + 1, before, ended));
      // A word that began earlier may still be completed, and the first one counts.
      if (start < Infinity && this.#candidate(state, text, at + 1, before) >= start)
        return { clear: start, isWord: true };
    }
    if (ended && start < Infinity) return { clear: start, isWord: true };
    return { clear: ended ? text.length : this.#candidate(state, text, text.length, before), isWord: false };
  }

  /** The start of the longest listed word that ends at `end`; Infinity if there is none. */
  #wordStart(state: State, text: string, end: number, before: string, ended: boolean): number {
    const { wholeWords } = this.#options;
    const mayEnd = !wholeWords || (end < text.length ? isBoundary(text, end, before) : ended);
    if (!mayEnd) return Infinity;
    for (let word = this.#trie.word(state); word !== 0; word = this.#trie.shorterWord(word)) {
      const start = end - this.#trie.depth(word);
      if (!wholeWords || isBoundary(text, start, before)) return start;
    }
    return Infinity;
  }

  /** The start of the longest possible beginning of a word at `end`; `end` if there is none. */
  #candidate(state: State, text: string, end: number, before: string): number {
    const trie = this.#trie;
    let candidate = state;
    if (this.#options.wholeWords)
      while (candidate !== 0 && !isBoundary(text, end - trie.depth(candidate), before))
        candidate = trie.shorter(candidate);
    return end - trie.depth(candidate);
  }
}

const ENDS_IN_WORD = /[\p{L}\p{N}\p{M}_]$/u;
const BEGINS_IN_WORD = /^[\p{L}\p{N}\p{M}_]/u;

/** Whether `at` is not inside a word. */
function isBoundary(text: string, at: number, before: string): boolean {
  const left = at < 2 ? before + text.slice(0, at) : text.slice(at - 2, at);
  return !(ENDS_IN_WORD.test(left) && BEGINS_IN_WORD.test(text.slice(at, at + 2)));
}
