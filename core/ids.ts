import { randomFillSync } from "node:crypto";

const RANDOM_BYTES = 18;
const pool = Buffer.alloc(RANDOM_BYTES * 128);
let used = pool.length;

/** 36 random hexadecimal digits; the random bytes are drawn 128 ids at a time. */
function randomHex(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += RANDOM_BYTES;
  return pool.toString("hex", used - RANDOM_BYTES, used);
}

/**
 * A new id such as `resp_019a…`: `prefix`, an underscore, the time in milliseconds as 12 hexadecimal digits, and 36
 * random digits. Ids of the same time are neighbours in a store's index, so writing them touches one page of it instead
 * of one page each.
 */
export function newId(prefix: string): string {
  return `${prefix}_${Date.now().toString(16).padStart(12, "0")}${randomHex()}`;
}

const ITEM_ID = /^[a-z]+_([0-9a-f]{48})[0-9a-f]{4}$/;

/**
 * The id of a response's `index`-th item: the response's own digits and four more. So the item's id names its response,
 * and `item_reference` needs no index in a store.
 */
export function itemIdOf(responseId: string, prefix: string, index: number): string {
  return `${prefix}_${responseId.slice(responseId.indexOf("_") + 1)}${index.toString(16).padStart(4, "0")}`;
}

/** The response that an item id made by `itemIdOf` names; `undefined` for ids that vr did not make. */
export function responseIdOfItem(itemId: string): string | undefined {
  const match = ITEM_ID.exec(itemId);
  return match ? `resp_${match[1]}` : undefined;
}
