import { Keyv } from "keyv";
import { LruMap } from "../../core/index.ts";

/** The entry that Keyv hands to an adapter if it does not serialize. */
interface Entry {
  value: string;
  expires?: number | undefined;
}

export interface MemoryBounds {
  /** Most responses. The least recently used are removed first. */
  maxEntries: number;
  /** Most UTF-8 bytes of all texts. The memory that they take may be twice as much. */
  maxBytes: number;
}

/** A Keyv adapter that forgets the least recently used entries, so that memory never grows past its bounds. */
class BoundedMemory {
  readonly #entries: LruMap<Entry>;
  readonly #maxBytes: number;

  constructor({ maxEntries, maxBytes }: MemoryBounds) {
    // A response has two keys: one for GET and one for its items.
    this.#entries = new LruMap({ maxEntries: maxEntries * 2, maxSize: maxBytes, sizeOf });
    this.#maxBytes = maxBytes;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  getMany(keys: string[]): (Entry | undefined)[] {
    return keys.map((key) => this.get(key));
  }

  set(key: string, entry: Entry): void {
    const size = sizeOf(entry, key);
    // All parts of a response must fit at the same time, or the last would remove the first.
    if (size > this.#maxBytes / 4)
      throw new RangeError(`${size} bytes are more than a quarter of maxBytes (${this.#maxBytes})`);
    this.#entries.set(key, entry);
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}

function sizeOf(entry: Entry, key: string): number {
  return key.length + Buffer.byteLength(entry.value);
}

/** A Keyv that keeps a limited amount in this process's memory. */
export function createMemoryKeyv(bounds: MemoryBounds): Keyv<string> {
  const keyv = new Keyv<string>({ store: new BoundedMemory(bounds) });
  // The values are texts already; nothing leaves the process.
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}
