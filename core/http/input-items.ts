import { z } from "zod";
import { InvalidRequestError, NotFoundError } from "../errors.ts";
import { inputItemId } from "../protocol/input-ids.ts";
import { type Item, isMessage, itemType, type MessageItem } from "../protocol/items.ts";
import type { InputContent, ItemResource, OutputMessageContent, ResponseItemList } from "../protocol/wire.ts";
import type { StoredResponse } from "../store.ts";

const query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().optional(),
  before: z.string().optional(),
});

/**
 * A page of a response's own input items, newest first unless `order=asc`.
 * @throws InvalidRequestError for a bad query; NotFoundError when `after` or `before` is no item of it
 */
export function pageOfInput(record: StoredResponse, params: unknown): ResponseItemList {
  const parsed = query.safeParse(params);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InvalidRequestError(issue?.message ?? "bad query", { param: String(issue?.path[0] ?? "") });
  }
  const { limit, order, after, before } = parsed.data;
  let items = record.items
    .filter((stored) => stored.turn === undefined)
    .map((stored, i) => toResource(stored.item, record.response.id, i));
  if (order === "desc") items.reverse();
  if (after) items = items.slice(indexOf(items, after, "after") + 1);
  if (before) items = items.slice(0, indexOf(items, before, "before"));
  const data = items.slice(0, limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? "",
    last_id: data.at(-1)?.id ?? "",
    has_more: items.length > data.length,
  };
}

function indexOf(items: readonly ItemResource[], id: string, param: string): number {
  const index = items.findIndex((item) => item.id === id);
  if (index < 0) throw new NotFoundError(`No input item with id "${id.slice(0, 100)}".`, { param });
  return index;
}

/** An input item as the list shows it: with an id, a status, and content as parts. */
function toResource(item: Item, responseId: string, index: number): ItemResource {
  const type = itemType(item);
  const id = inputItemId(item, responseId, index);
  const status = (item as { status?: string | null }).status ?? "completed";
  if (!isMessage(item)) return { ...item, type, id, status } as ItemResource;
  return { ...item, type, id, status, content: toParts(item) } as ItemResource;
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
