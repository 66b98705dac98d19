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
  const leadsOn = thatLeadOn(entries);
  return entries.flatMap(({ item }, i) => {
    if (item.type === "reasoning") {
      // Without its encrypted content the server would look for it in a store of its own, by its id.
      if (!item.encrypted_content && !plainReasoning) return [];
      if (!leadsOn[i]) return [];
    }
    return [withoutOwnId(typed(item))];
  });
}

/** Whether anything follows the reasoning. Servers refuse reasoning alone, as after a cut-off. */
function thatLeadOn(entries: readonly Entry[]): boolean[] {
  const leadsOn: boolean[] = new Array(entries.length);
  let isFollowed = false;
  for (let i = entries.length - 1; i >= 0; i--) {
    leadsOn[i] = isFollowed;
    const { item } = entries[i] as Entry;
    if (item.type === "reasoning") continue;
    isFollowed = item.type !== "function_call_output" && (!isMessage(item) || item.role === "assistant");
  }
  return leadsOn;
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
