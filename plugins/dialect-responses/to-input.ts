import {
  type HostedItem,
  type InTurn,
  isMessage,
  type ModelItem,
  responseIdOfItem,
} from "../../core/index.ts";

type Entry = InTurn<ModelItem | HostedItem>;

/**
 * The conversation as `input`, with unchanged items. Ids from the server stay, since its encrypted reasoning depends on
 * them. The gateway's own ids are removed, since the server does not know them. `plainReasoning`: whether the server
 * accepts reasoning that is not encrypted.
 */
export function toInput(entries: readonly Entry[], plainReasoning: boolean): object[] {
  const leadsOn = thatLeadOn(entries);
  return entries.flatMap(({ item }, i) => {
    if (item.type === "reasoning") {
      // Without encrypted content, the server would look for the item in its own store, by its id.
      if (!item.encrypted_content && !plainReasoning) return [];
      if (!leadsOn[i]) return [];
    }
    return [withoutOwnId(typed(item))];
  });
}

/** For each entry, whether anything follows the reasoning. Servers refuse reasoning at the end, as after a cut-off. */
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

/** Adds the type to a message without one, since some servers require it. */
function typed(item: Entry["item"]): Entry["item"] {
  return isMessage(item) && item.type === undefined ? { type: "message", ...item } : item;
}

function withoutOwnId(item: Entry["item"]): object {
  const { id } = item as { id?: string | null };
  if (id === undefined || (id !== null && responseIdOfItem(id) === undefined)) return item;
  const { id: _, ...rest } = item as { id?: string | null };
  return rest;
}
