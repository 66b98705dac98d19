import { itemIdOf } from "../ids.ts";
import { idPrefixOf } from "./catalogue.ts";
import { type Item, itemType } from "./items.ts";

/** Item ids of input begin here, so that they never meet those of output items. */
const FIRST = 0x8000;

/** The id of a response's `index`-th input item: its own, or the one that the list of input items shows. */
export function inputItemId(item: Item, responseId: string, index: number): string {
  const own = (item as { id?: string | null }).id;
  return own ?? itemIdOf(responseId, idPrefixOf(itemType(item)), FIRST + index);
}
