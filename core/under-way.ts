interface Entry<T> {
  readonly value: T;
  index: number;
}

/**
 * What is under way now, such as responses: added and removed all the time. Not a `Set`: V8 links each outgrown table of
 * a set to the next, so that one that has grown old keeps all that stood in later ones until a full garbage collection.
 */
export class UnderWay<T> {
  readonly #entries: Entry<T>[] = [];

  /** Gives what removes the value again. */
  add(value: T): () => void {
    const entry: Entry<T> = { value, index: this.#entries.length };
    this.#entries.push(entry);
    return () => this.#remove(entry);
  }

  get values(): T[] {
    return this.#entries.map(({ value }) => value);
  }

  /** The last one takes the free place. A second call does nothing. */
  #remove(entry: Entry<T>): void {
    const { index } = entry;
    if (this.#entries[index] !== entry) return;
    const last = this.#entries.pop() as Entry<T>;
    if (last === entry) return;
    this.#entries[index] = last;
    last.index = index;
  }
}
