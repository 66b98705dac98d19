import type { EventDraft, wire } from "../../core/index.ts";
import type { ServerEvent } from "./wire-event.ts";

/** Adds fields that the server does not know when the item begins, but that clients' schemas require. */
export function withRequired(item: wire.OutputItem): wire.OutputItem {
  if (item.type === "web_search_call" && !item.action)
    return { ...(item as wire.WebSearchToolCall), action: { type: "search" } };
  if (item.type === "image_generation_call" && item.result === undefined)
    return { ...(item as wire.ImageGenToolCall), result: null };
  return item;
}

/** The event without the server's sequence number and padding, and with the gateway's own item id. */
export function toDraft(event: ServerEvent, itemId: string | undefined): EventDraft {
  const { sequence_number: _, obfuscation: __, ...draft } = event as Record<string, unknown>;
  if (itemId !== undefined) draft.item_id = itemId;
  for (const name in draft) if (draft[name] === null) delete draft[name];
  return draft as unknown as EventDraft;
}
