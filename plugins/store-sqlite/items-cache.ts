import { deepFreeze, LruMap, type StoredItem } from "../../core/index.ts";

/** Most characters of JSON whose items are kept. Takes some 64 MiB of memory. */
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * The parsed items of recently read responses. Decoding is most of the cost of a history, and each turn of a
 * conversation reads the same items as the turn before. Only reads fill the cache, since most responses are never
 * continued. Stored items never change. They only go away, by this process's `forget`.
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
   * `chars`: the length of the items' JSON. Freezes the items: many responses share them, and a plugin's change would
   * show in all of these.
   */
  keep(id: string, items: readonly StoredItem[], chars: number): void {
    deepFreeze(items);
    this.#entries.set(id, { items, chars });
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }
}
