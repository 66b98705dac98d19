import { Keyv } from "keyv";
import { LruMap } from "../../core/index.ts";

/** What Keyv gives an adapter when it does not serialize. */
interface Entry {
  value: string;
  expires?: number | undefined;
}

export interface MemoryBounds {
  /** Responses; the least recently used go first. */
  maxEntries: number;
  /** UTF-8 bytes of all that is kept; what the engine needs for it may be twice as much. */
  maxBytes: number;
}

/** A Keyv adapter that forgets the least recently used entries, so that memory never grows past its bounds. */
class BoundedMemory {
  readonly #entries: LruMap<Entry>;
  readonly #maxBytes: number;

  constructor({ maxEntries, maxBytes }: MemoryBounds) {
    // A response has two keys, one of what GET reads and one of its items.
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
    // All parts of a response must fit at once, or the last would drive out the first.
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

/** A Keyv in this process's memory, within bounds. */
export function createMemoryKeyv(bounds: MemoryBounds): Keyv<string> {
  const keyv = new Keyv<string>({ store: new BoundedMemory(bounds) });
  // The values are texts already; nothing leaves the process.
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}
