export interface LruBounds<V> {
  /** No bound unless given. */
  readonly maxEntries?: number | undefined;
  /** Sum of the entries' sizes, in the unit of `sizeOf`. No bound unless given. */
  readonly maxSize?: number | undefined;
  /** The size of an entry; must give the same for the same value. */
  sizeOf?(value: V, key: string): number;
}

/** A map that forgets its least recently used entries, so that it never grows past its bounds. */
export class LruMap<V> {
  /** In the order of last use: a Map iterates in the order of insertion. */
  readonly #entries = new Map<string, V>();
  readonly #maxEntries: number;
  readonly #maxSize: number;
  readonly #sizeOf: (value: V, key: string) => number;
  #size = 0;

  constructor({ maxEntries = Infinity, maxSize = Infinity, sizeOf = () => 0 }: LruBounds<V>) {
    this.#maxEntries = maxEntries;
    this.#maxSize = maxSize;
    this.#sizeOf = sizeOf;
  }

  /** The entry, which counts as used now. */
  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** An entry that is larger than the bound for all is not kept. */
  set(key: string, value: V): void {
    this.delete(key);
    const size = this.#sizeOf(value, key);
    if (size > this.#maxSize) return;
    this.#entries.set(key, value);
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#size <= this.#maxSize) break;
      this.delete(oldest);
    }
  }

  /** Whether there was such an entry. */
  delete(key: string): boolean {
    const value = this.#entries.get(key);
    if (value === undefined) return false;
    this.#size -= this.#sizeOf(value, key);
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }
}
