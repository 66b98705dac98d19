import type { Keyv } from "keyv";
import {
  LruMap,
  responseIdOfItem,
  type Store,
  type StoredItem,
  type StoredResponse,
} from "../../core/index.ts";
import { CheckedKeyv, toStoreError } from "./checked-keyv.ts";
import { continueLineage, type Lineage, parentOf } from "./lineage.ts";

const DAY_MS = 86_400_000;
/** Most lineages kept in memory, so that a write need not read its parent's. Each has some dozen ids. */
const MAX_LINEAGES = 1_000;

/** The lineage's JSON, a line feed, the response's JSON: a history parses only the first line. */
const responseKey = (id: string) => `${id}/response`;
/** The turn's items as a JSON array. */
const itemsKey = (id: string) => `${id}/items`;
/** A page of ancestors as a JSON array of ids; few responses have one. */
const ancestorsKey = (id: string) => `${id}/ancestors`;

/** The id of the response that has an item whose id does not name it. */
const ownerKey = (itemId: string) => `${itemId}/response-id`;

export interface KeyvStoreOptions {
  /** Days until a response is deleted, counted from its last write; 0: never. Default: 30, as at OpenAI. */
  ttlDays?: number | undefined;
  /** Whether the adapter applies writes in the order in which they begin. Then a response takes one round trip. */
  ordered?: boolean | undefined;
  /** The store's name. Default: "keyv". */
  name?: string | undefined;
  /** Shown in the start banner. Must not contain secrets. */
  description?: string | undefined;
}

/**
 * Keeps responses in any Keyv 5.6. The store takes over the Keyv: it makes it throw and emit its errors, and `close`
 * disconnects it. All values are strings, for which Keyv's own serializer is fast.
 */
export function createKeyvStore(keyv: Keyv, options: KeyvStoreOptions = {}): Store {
  return new KeyvStore(new CheckedKeyv(keyv), options);
}

class KeyvStore implements Store {
  readonly name: string;
  readonly description?: string;
  readonly #keyv: CheckedKeyv;
  readonly #ttlMs: number;
  readonly #ordered: boolean;
  readonly #lineages = new LruMap<Lineage>({ maxEntries: MAX_LINEAGES });

  constructor(
    keyv: CheckedKeyv,
    { ttlDays = 30, ordered = false, name = "keyv", description }: KeyvStoreOptions,
  ) {
    this.name = name;
    if (description !== undefined) this.description = description;
    this.#keyv = keyv;
    this.#ordered = ordered;
    // Rounded, since some servers take only whole milliseconds.
    this.#ttlMs = Math.ceil(ttlDays * DAY_MS);
  }

  async putResponse({
    response,
    responseJson,
    items,
    previousId,
    itemIds = [],
  }: StoredResponse): Promise<void> {
    const { id } = response;
    const doing = `store response "${id}"`;
    // Encoded before anything is awaited, so that later changes to the record are not stored.
    const itemsText = attempt(doing, () => JSON.stringify(items));
    const responseText = responseJson ?? attempt(doing, () => JSON.stringify(response));
    // The parent's lineage is mostly in memory, since a response reads its history before it is stored.
    const parent =
      previousId === undefined
        ? undefined
        : (this.#lineages.get(previousId) ?? (await this.#readLineage(previousId, doing)));
    const { lineage, page } = continueLineage(id, previousId, parent);
    this.#lineages.set(id, lineage);
    const first: [string, string][] = [[itemsKey(id), itemsText]];
    if (page) first.push([ancestorsKey(id), JSON.stringify(page)]);
    for (const itemId of itemIds) first.push([ownerKey(itemId), id]);
    // Written last, so that whoever finds the response also finds its items.
    const last: [string, string] = [responseKey(id), `${JSON.stringify(lineage)}\n${responseText}`];
    if (this.#ordered) return this.#keyv.write([...first, last], this.#ttlMs, doing);
    await this.#keyv.write(first, this.#ttlMs, doing);
    await this.#keyv.write([last], this.#ttlMs, doing);
  }

  async getResponse(id: string): Promise<StoredResponse | undefined> {
    const doing = `read response "${id}"`;
    const [head, items] = await this.#keyv.read([responseKey(id), itemsKey(id)], doing);
    if (head === undefined || items === undefined) return undefined;
    return attempt(doing, () => {
      const previousId = parentOf(lineageIn(head));
      const record = {
        response: JSON.parse(head.slice(head.indexOf("\n") + 1)),
        items: JSON.parse(items),
      };
      return previousId === undefined ? record : { ...record, previousId };
    });
  }

  /** Reads the response, then pages and recent items, then, if the conversation has pages, the rest. */
  async getHistory(id: string): Promise<StoredItem[][] | undefined> {
    const doing = `read the history of response "${id}"`;
    const [head, own] = await this.#keyv.read([responseKey(id), itemsKey(id)], doing);
    if (head === undefined || own === undefined) return undefined;
    const lineage = attempt(doing, () => lineageIn(head));
    this.#lineages.set(id, lineage);
    if (lineage.broken) return undefined;
    const { pages, recent } = lineage;
    const known = await this.#readAll([...pages.map(ancestorsKey), ...recent.map(itemsKey)], doing);
    if (!known) return undefined;
    const early = attempt(doing, () =>
      known.slice(0, pages.length).flatMap((page): string[] => JSON.parse(page)),
    );
    const older = await this.#readAll(early.map(itemsKey), doing);
    if (!older) return undefined;
    const texts = [...older, ...known.slice(pages.length), own];
    return attempt(doing, () => texts.map((text): StoredItem[] => JSON.parse(text)));
  }

  async responseOfItem(itemId: string): Promise<string | undefined> {
    const [id] = await this.#keyv.read([ownerKey(itemId)], `look for item "${itemId}"`);
    return id;
  }

  async deleteResponse(id: string): Promise<boolean> {
    const doing = `delete response "${id}"`;
    const [head, items] = await this.#keyv.read([responseKey(id), itemsKey(id)], doing);
    this.#lineages.delete(id);
    const owned = items === undefined ? [] : attempt(doing, () => ownedIds(id, JSON.parse(items)));
    // Done even if the response was not found: an interrupted write or delete may have left the rest.
    await this.#keyv.delete([responseKey(id), itemsKey(id), ancestorsKey(id), ...owned.map(ownerKey)], doing);
    return head !== undefined;
  }

  async check(): Promise<void> {
    await this.#keyv.read([responseKey("check")], "check the store");
  }

  close(): Promise<void> {
    return this.#keyv.close();
  }

  /** The texts of all keys; `undefined` if any is gone. */
  async #readAll(keys: readonly string[], doing: string): Promise<string[] | undefined> {
    if (keys.length === 0) return [];
    const texts = await this.#keyv.read(keys, doing);
    return texts.every((text) => text !== undefined) ? texts : undefined;
  }

  async #readLineage(id: string, doing: string): Promise<Lineage | undefined> {
    const [head] = await this.#keyv.read([responseKey(id)], doing);
    return head === undefined ? undefined : attempt(doing, () => lineageIn(head));
  }
}

/** The ids of a response's output items that do not contain the response's id. */
function ownedIds(id: string, items: readonly StoredItem[]): string[] {
  return items.flatMap(({ item, turn }) => {
    const { id: itemId } = item as { id?: string | null };
    return turn === undefined || !itemId || responseIdOfItem(itemId) === id ? [] : [itemId];
  });
}

function lineageIn(head: string): Lineage {
  return JSON.parse(head.slice(0, head.indexOf("\n")));
}

/** Runs the action. A text that cannot be encoded or parsed becomes a StoreError. */
function attempt<T>(doing: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toStoreError(doing, error);
  }
}
