import {
  type HostedItem,
  type InTurn,
  isMessage,
  type ModelItem,
  responseIdOfItem,
} from "../../core/index.ts";

type Entry = InTurn<ModelItem | HostedItem>;

/**
 * The conversation as `input`: items as they are. Ids that the server gave stay, since it binds encrypted
 * reasoning to them; ids of the gateway's own mean nothing to it. `plainReasoning`: whether it takes reasoning
 * that is not encrypted.
 */
export function toInput(entries: readonly Entry[], plainReasoning: boolean): object[] {
  return entries.flatMap(({ item }) => {
    // Without its encrypted content the server would look for it in a store of its own, by its id.
    if (item.type === "reasoning" && !item.encrypted_content && !plainReasoning) return [];
    return [withoutOwnId(typed(item))];
  });
}

/** Messages may come without a type, which some servers require. */
function typed(item: Entry["item"]): Entry["item"] {
  return isMessage(item) && item.type === undefined ? { type: "message", ...item } : item;
}

function withoutOwnId(item: Entry["item"]): object {
  const { id } = item as { id?: string | null };
  if (id === undefined || (id !== null && responseIdOfItem(id) === undefined)) return item;
  const { id: _, ...rest } = item as { id?: string | null };
  return rest;
}
