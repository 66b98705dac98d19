interface Entry<T> {
  readonly value: T;
  index: number;
}

/**
 * A collection of things in progress, such as responses, that are added and removed all the time. Not a `Set`: V8 links
 * each outgrown table of a set to the next, so an old table keeps everything in later ones alive until a full
 * garbage collection.
 */
export class UnderWay<T> {
  readonly #entries: Entry<T>[] = [];

  /** Returns a function that removes the value. */
  add(value: T): () => void {
    const entry: Entry<T> = { value, index: this.#entries.length };
    this.#entries.push(entry);
    return () => this.#remove(entry);
  }

  get values(): T[] {
    return this.#entries.map(({ value }) => value);
  }

  /** The last value moves into the free place. A second call does nothing. */
  #remove(entry: Entry<T>): void {
    const { index } = entry;
    if (this.#entries[index] !== entry) return;
    const last = this.#entries.pop() as Entry<T>;
    if (last === entry) return;
    this.#entries[index] = last;
    last.index = index;
  }
}
