import { Keyv } from "keyv";

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
  readonly #entries = new Map<string, Entry>();
  readonly #maxKeys: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ maxEntries, maxBytes }: MemoryBounds) {
    // A response has two keys, one of what GET reads and one of its items.
    this.#maxKeys = maxEntries * 2;
    this.#maxBytes = maxBytes;
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    // A Map iterates in the order of insertion: what is put in again is the youngest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  getMany(keys: string[]): (Entry | undefined)[] {
    return keys.map((key) => this.get(key));
  }

  set(key: string, entry: Entry): void {
    const size = sizeOf(key, entry);
    // All parts of a response must fit at once, or the last would drive out the first.
    if (size > this.#maxBytes / 4)
      throw new RangeError(`${size} bytes are more than a quarter of maxBytes (${this.#maxBytes})`);
    this.delete(key);
    this.#entries.set(key, entry);
    this.#bytes += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxKeys && this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#bytes -= sizeOf(key, entry);
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}

function sizeOf(key: string, entry: Entry): number {
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
