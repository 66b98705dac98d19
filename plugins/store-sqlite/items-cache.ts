import { deepFreeze, LruMap, type StoredItem } from "../../core/index.ts";

/** Characters of JSON whose items are kept: some 64 MiB of memory. */
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * The parsed items of responses that were read lately. Decoding is most of the cost of a history, and each
 * turn of a conversation reads the same ones as the turn before. Filled by reads only: most responses are
 * never continued. What is stored under an id never changes but by this process's `forget`.
 */
export class ItemsCache {
  readonly #entries = new LruMap<{ items: readonly StoredItem[]; chars: number }>({
    maxSize: MAX_CHARS,
    sizeOf: ({ chars }) => chars,
  });

  get(id: string): readonly StoredItem[] | undefined {
    return this.#entries.get(id)?.items;
  }

  /**
   * `chars`: the length of the items' JSON. The items are frozen, since many responses share them and a plugin's change
   * would show in all.
   */
  keep(id: string, items: readonly StoredItem[], chars: number): void {
    deepFreeze(items);
    this.#entries.set(id, { items, chars });
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }
}
