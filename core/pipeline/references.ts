import { NotFoundError } from "../errors.ts";
import { responseIdOfItem } from "../ids.ts";
import { inputItemId } from "../protocol/input-ids.ts";
import { type Item, isItemReference, type StoredItem } from "../protocol/items.ts";
import { stepAside } from "../step-aside.ts";
import type { Store, StoredResponse } from "../store.ts";
import { notFoundIn } from "./without-store.ts";

/** After this many items, other requests run. */
const STEP = 4_096;
/** Most responses cached meanwhile: references to items of one response mostly come together. */
const MOST_KEPT = 16;

/**
 * Replaces item references by the stored items. References to items in the history are left out.
 * @throws NotFoundError for an unknown item
 */
export async function resolveReferences(
  input: readonly Item[],
  history: readonly StoredItem[],
  store: Store | undefined,
): Promise<Item[]> {
  const known = new Set(history.map(({ item }) => (item as { id?: string }).id));
  const items = new StoredItems(store);
  const resolved: Item[] = [];
  for (const [i, item] of input.entries()) {
    // Without reads from the store, nothing else would run meanwhile.
    if (i % STEP === STEP - 1) await stepAside();
    if (!isItemReference(item)) resolved.push(item);
    else if (!known.has(item.id)) resolved.push((await items.find(item.id)) ?? notFound(item.id, i, store));
  }
  return resolved;
}

function notFound(id: string, index: number, store: Store | undefined): never {
  throw new NotFoundError(notFoundIn(store, `Item with id "${id.slice(0, 100)}"`), {
    param: `input[${index}].id`,
    code: "item_not_found",
  });
}

/** Looks up items of stored responses by id; reads each response once. */
class StoredItems {
  readonly #store: Store | undefined;
  readonly #responses = new Map<string, ReadonlyMap<string, Item>>();

  constructor(store: Store | undefined) {
    this.#store = store;
  }

  async find(id: string): Promise<Item | undefined> {
    return (
      (await this.#itemsOf(responseIdOfItem(id)))?.get(id) ??
      // Ids from upstreams that speak items do not contain the response's id.
      (await this.#itemsOf(await this.#store?.responseOfItem?.(id)))?.get(id)
    );
  }

  async #itemsOf(responseId: string | undefined): Promise<ReadonlyMap<string, Item> | undefined> {
    if (responseId === undefined) return undefined;
    const kept = this.#responses.get(responseId);
    if (kept) return kept;
    if (this.#responses.size === MOST_KEPT) {
      this.#responses.clear();
      // A store may answer without giving others a chance to run.
      await stepAside();
    }
    const record = await this.#store?.getResponse(responseId);
    const items = record ? itemsById(record) : new Map<string, Item>();
    this.#responses.set(responseId, items);
    return items;
  }
}

/** The output and input items of a response, by their own ids or those they are shown with. */
function itemsById({ response, items }: StoredResponse): Map<string, Item> {
  const byId = new Map<string, Item>();
  const add = (id: string | null | undefined, item: Item) => {
    if (id != null && !byId.has(id)) byId.set(id, item);
  };
  for (const { item } of items) add((item as { id?: string | null }).id, item);
  let index = 0;
  for (const { item, turn } of items)
    if (turn === undefined) add(inputItemId(item, response.id, index++), item);
  return byId;
}
