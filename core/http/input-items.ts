import { inputItemId } from "../protocol/input-ids.ts";
import { type Item, isMessage, itemType, type MessageItem } from "../protocol/items.ts";
import type { InputContent, ItemResource, OutputMessageContent, ResponseItemList } from "../protocol/wire.ts";
import type { StoredResponse } from "../store.ts";
import { toPage } from "./page.ts";

/**
 * A page of a response's own input items, newest first unless `order=asc`.
 * @throws InvalidRequestError for a bad query; NotFoundError if `after` or `before` is not one of its items
 */
export function pageOfInput(
  record: StoredResponse,
  params: Readonly<Record<string, unknown>>,
): ResponseItemList {
  const items = record.items
    .filter((stored) => stored.turn === undefined)
    .map((stored, i) => toResource(stored.item, record.response.id, i));
  const page = toPage(items, params);
  return { ...page, first_id: page.first_id ?? "", last_id: page.last_id ?? "" };
}

/** An input item as the list shows it: with an id, a status, and content as parts. */
function toResource(item: Item, responseId: string, index: number): ItemResource & { id: string } {
  const type = itemType(item);
  const id = inputItemId(item, responseId, index);
  const status = (item as { status?: string | null }).status ?? "completed";
  if (!isMessage(item)) return { ...item, type, id, status } as ItemResource & { id: string };
  return { ...item, type, id, status, content: toParts(item) } as ItemResource & { id: string };
}

function toParts(item: MessageItem): (InputContent | OutputMessageContent)[] {
  const { role, content } = item;
  if (typeof content !== "string") return content.map(completePart);
  if (role === "assistant") return [{ type: "output_text", text: content, annotations: [], logprobs: [] }];
  return [{ type: "input_text", text: content }];
}

/** A part with the fields that a response's parts always have and a request's may lack. */
function completePart(part: InputContent | OutputMessageContent): InputContent | OutputMessageContent {
  if (part.type === "output_text")
    return { ...part, annotations: part.annotations ?? [], logprobs: part.logprobs ?? [] };
  return part.type === "input_image" ? { ...part, detail: part.detail ?? "auto" } : part;
}
