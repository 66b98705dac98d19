/**
 * Validation of everything that vr sends: by the reference always, by OpenAI's older description and by Open
 * Responses when the value uses only what they know, and streams by the order that events must come in. Each
 * function returns its argument, typed.
 */
import type { ErrorEnvelope } from "../../errors.ts";
import type { ResponseEvent } from "../../protocol/events.ts";
import type { ResponseItemList, Response as ResponseObject } from "../../protocol/wire.ts";
import { checkForClients } from "./clients.ts";
import { isJson } from "./exceptions.ts";
import {
  isKnownEvent,
  isKnownItem,
  isKnownResponse,
  isOlderEvent,
  isOlderItem,
  isOlderResponse,
} from "./known.ts";
import { checkOrder } from "./order.ts";
import { eventDef, validate } from "./schema.ts";

export { EXCEPTIONS, type Exception } from "./exceptions.ts";

/** The body of `POST /v1/responses` unstreamed, or of `GET /v1/responses/{id}`. */
export function expectValidResponse(body: unknown): ResponseObject {
  validate("openai", "Response", "response", body);
  if (isOlderResponse(body)) validate("openai-2026-08", "Response", "response", body);
  if (isKnownResponse(body)) validate("openresponses", "ResponseResource", "response", body);
  const response = body as ResponseObject;
  for (const item of response.output) checkForClients(item);
  return response;
}

/** One event, alone. */
export function expectValidEvent(event: unknown): ResponseEvent {
  if (!isJson(event)) throw new Error(`not an event: ${JSON.stringify(event)}`);
  const type = String(event.type).replace(/^response\.reasoning\./, "response.reasoning_text.");
  const openai = eventDef("openai", type);
  if (!openai) throw new Error(`no event of this API: ${JSON.stringify(event)}`);
  validate("openai", openai, "event", event);
  const older = eventDef("openai-2026-08", type);
  if (older && isOlderEvent(event)) validate("openai-2026-08", older, "event", event);
  if (isKnownEvent(event)) {
    const theirs = type.replace("response.reasoning_text.", "response.reasoning.");
    validate("openresponses", eventDef("openresponses", theirs) ?? "", "event", event);
  }
  if (isJson(event.item)) checkForClients(event.item);
  return event as unknown as ResponseEvent;
}

/** All events of one stream, from the first to the terminal one. Returns the response that it ends with. */
export function expectValidStream(events: readonly unknown[]): ResponseObject {
  for (const event of events) expectValidEvent(event);
  return checkOrder(events as ResponseEvent[]);
}

/** The body of `GET /v1/responses/{id}/input_items` and the like. */
export function expectValidItemList(body: unknown): ResponseItemList {
  // Only the older description has the list itself; what it does not know in it, the reference does.
  validate("openai-2026-08", "ResponseItemList", "list", withOlderItems(body));
  const list = body as ResponseItemList;
  for (const item of list.data) {
    validate("openai", "ConversationItem", "item", item);
    if (isKnownItem(item)) validate("openresponses", "ItemField", "item", item);
    checkForClients(item);
  }
  const ids = list.data.map((item) => item.id);
  if (list.first_id !== (ids.at(0) ?? "") || list.last_id !== (ids.at(-1) ?? "")) {
    throw new Error(
      `first_id and last_id are not those of the data: ${JSON.stringify({ ...list, data: ids })}`,
    );
  }
  return list;
}

function withOlderItems(list: unknown): unknown {
  return isJson(list) && Array.isArray(list.data) ? { ...list, data: list.data.filter(isOlderItem) } : list;
}

/** The body of an answer with a status of 400 or more. */
export function expectValidError(body: unknown): ErrorEnvelope {
  validate("openai-2026-08", "ErrorResponse", "error", body);
  validate("openresponses", "ErrorPayload", "error", isJson(body) ? body.error : undefined);
  return body as ErrorEnvelope;
}
