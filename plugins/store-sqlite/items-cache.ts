import { deepFreeze, type StoredItem } from "../../core/index.ts";

/** Characters of JSON whose items are kept: some 64 MiB of memory. */
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * The parsed items of responses that were read lately. Decoding is most of the cost of a history, and each
 * turn of a conversation reads the same ones as the turn before. Filled by reads only: most responses are
 * never continued. What is stored under an id never changes but by this process's `forget`.
 */
export class ItemsCache {
  /** In the order of last use. */
  readonly #entries = new Map<string, { items: readonly StoredItem[]; chars: number }>();
  #chars = 0;

  get(id: string): readonly StoredItem[] | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.items;
  }

  /**
   * `chars`: the length of the items' JSON. The items are frozen, since many responses share them and a plugin's change
   * would show in all.
   */
  keep(id: string, items: readonly StoredItem[], chars: number): void {
    this.forget(id);
    deepFreeze(items);
    this.#entries.set(id, { items, chars });
    this.#chars += chars;
    for (const oldest of this.#entries.keys()) {
      if (this.#chars <= MAX_CHARS) break;
      this.forget(oldest);
    }
  }

  forget(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#chars -= entry.chars;
  }
}
