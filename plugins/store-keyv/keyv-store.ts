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
/** Lineages kept, so that a write need not read its parent's. Each is some dozen ids. */
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
  /** Days until a response is forgotten, counted from its last write; 0: never. 30 unless said, as OpenAI. */
  ttlDays?: number | undefined;
  /** The adapter applies writes in the order in which they are begun: one round trip does for a response. */
  ordered?: boolean | undefined;
  /** Names the store; "keyv" unless said. */
  name?: string | undefined;
  /** Said in the start banner. No secrets. */
  description?: string | undefined;
}

/**
 * Keeps responses in any Keyv 5.6. The Keyv is the store's from now on: it is made to throw and to emit its
 * errors, and `close` disconnects it. All values are strings, which Keyv's own serializer takes at full speed.
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
    // Adapters hand the number to servers that take whole milliseconds only.
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
    // Encoded before anything is awaited: what the caller does to the record afterwards is not stored.
    const itemsText = attempt(doing, () => JSON.stringify(items));
    const responseText = responseJson ?? attempt(doing, () => JSON.stringify(response));
    // Mostly remembered: a response is hydrated from its parent before it is stored.
    const parent =
      previousId === undefined
        ? undefined
        : (this.#lineages.get(previousId) ?? (await this.#readLineage(previousId, doing)));
    const { lineage, page } = continueLineage(id, previousId, parent);
    this.#lineages.set(id, lineage);
    const first: [string, string][] = [[itemsKey(id), itemsText]];
    if (page) first.push([ancestorsKey(id), JSON.stringify(page)]);
    for (const itemId of itemIds) first.push([ownerKey(itemId), id]);
    // Last: who sees the response as completed finds its items, too.
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

  /** Two reads, three when the conversation has pages: of the response, of pages and recent items, of the rest. */
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
    // Also when it was not found: a write or a delete that broke off may have left the rest.
    await this.#keyv.delete([responseKey(id), itemsKey(id), ancestorsKey(id), ...owned.map(ownerKey)], doing);
    return head !== undefined;
  }

  async check(): Promise<void> {
    await this.#keyv.read([responseKey("check")], "check the store");
  }

  close(): Promise<void> {
    return this.#keyv.close();
  }

  /** `undefined` if any of them is gone. */
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

/** The output items of a response whose ids do not name it. */
function ownedIds(id: string, items: readonly StoredItem[]): string[] {
  return items.flatMap(({ item, turn }) => {
    const { id: itemId } = item as { id?: string | null };
    return turn === undefined || !itemId || responseIdOfItem(itemId) === id ? [] : [itemId];
  });
}

function lineageIn(head: string): Lineage {
  return JSON.parse(head.slice(0, head.indexOf("\n")));
}

/** What cannot be encoded, and what was stored but cannot be read, is the store's error. */
function attempt<T>(doing: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toStoreError(doing, error);
  }
}
