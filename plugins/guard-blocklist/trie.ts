/** A state of the automaton. 0 is the root: no word has begun. */
export type State = number;

/**
 * The Aho-Corasick automaton over UTF-16 units: one step per unit, whatever the number of words. A state is the longest
 * end of the text so far that is the beginning of some word.
 */
export class Trie {
  readonly #steps = new Map<number, State>();
  readonly #depth = [0];
  /** For each state, the state of the longest shorter end of its text. */
  readonly #shorter: State[] = [0];
  readonly #isWord = [false];
  /** For each state, the nearest state along `shorter` at which a word ends; 0 if there is none. */
  readonly #shorterWord: State[] = [0];

  constructor(words: Iterable<string>) {
    for (const word of words) this.#add(word);
    this.#link();
  }

  /** The state after the next unit. */
  next(state: State, unit: number): State {
    let from = state;
    for (;;) {
      const to = this.#step(from, unit);
      if (to !== undefined) return to;
      if (from === 0) return 0;
      from = this.shorter(from);
    }
  }

  /** How many units at the end of the text are the beginning of a word. */
  depth(state: State): number {
    return this.#depth[state] ?? 0;
  }

  shorter(state: State): State {
    return this.#shorter[state] ?? 0;
  }

  /** The state of the longest word that ends here; 0 if there is none. */
  word(state: State): State {
    return this.#isWord[state] ? state : this.shorterWord(state);
  }

  /** The state of the next shorter word that also ends here; 0 if there is none. */
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

  /** Sets the links of all states, shallow states first, since links lead to shallower states. */
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
