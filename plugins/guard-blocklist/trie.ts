/** A state of the automaton: 0 is the root, where nothing of any word has been seen. */
export type State = number;

/**
 * Aho and Corasick's automaton over UTF-16 units: one step per unit, however many words there are. Every state
 * stands for the longest end of the text read so far with which some word begins.
 */
export class Trie {
  readonly #steps = new Map<number, State>();
  readonly #depth = [0];
  /** The state for the longest proper end of a state's text. */
  readonly #shorter: State[] = [0];
  readonly #isWord = [false];
  /** The nearest state along `shorter` where a word ends; 0 for none. */
  readonly #shorterWord: State[] = [0];

  constructor(words: Iterable<string>) {
    for (const word of words) this.#add(word);
    this.#link();
  }

  /** The state after one more unit. */
  next(state: State, unit: number): State {
    let from = state;
    for (;;) {
      const to = this.#step(from, unit);
      if (to !== undefined) return to;
      if (from === 0) return 0;
      from = this.shorter(from);
    }
  }

  /** So many units at the end of the text begin a word. */
  depth(state: State): number {
    return this.#depth[state] ?? 0;
  }

  shorter(state: State): State {
    return this.#shorter[state] ?? 0;
  }

  /** The longest word that ends here, as the state that spells it; 0 for none. */
  word(state: State): State {
    return this.#isWord[state] ? state : this.shorterWord(state);
  }

  /** The next shorter word that ends here too; 0 for none. */
  shorterWord(state: State): State {
    return this.#shorterWord[state] ?? 0;
  }

  #step(state: State, unit: number): State | undefined {
    return this.#steps.get(state * 0x10000 + unit);
  }

  #add(word: string): void {
    let state = 0;
    for (let at = 0; at < word.length; at++) {
      const unit = word.charCodeAt(at);
      let to = this.#step(state, unit);
      if (to === undefined) {
        to = this.#depth.push(at + 1) - 1;
        this.#steps.set(state * 0x10000 + unit, to);
        this.#shorter.push(0);
        this.#isWord.push(false);
        this.#shorterWord.push(0);
      }
      state = to;
    }
    if (state !== 0) this.#isWord[state] = true;
  }

  /** Shallow states first: the links of a state lead to shallower ones. */
  #link(): void {
    const edges = [...this.#steps].map(([key, to]) => ({
      from: Math.floor(key / 0x10000),
      unit: key % 0x10000,
      to,
    }));
    edges.sort((a, b) => this.depth(a.to) - this.depth(b.to));
    for (const { from, unit, to } of edges) {
      const shorter = from === 0 ? 0 : this.next(this.shorter(from), unit);
      this.#shorter[to] = shorter;
      this.#shorterWord[to] = this.word(shorter);
    }
  }
}
