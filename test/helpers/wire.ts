/**
 * Validation of everything that vr sends: by OpenAI's schema always, by that of Open Responses when the
 * value uses only what it knows, and streams by the order that events must come in. Each function returns
 * its argument, typed.
 */
import type { ErrorEnvelope } from "../../core/errors.ts";
import type { ResponseEvent } from "../../core/protocol/events.ts";
import type { ResponseItemList, Response as ResponseObject } from "../../core/protocol/wire.ts";
import { checkForClients } from "./wire-clients.ts";
import { isJson } from "./wire-exceptions.ts";
import { isKnownEvent, isKnownItem, isKnownResponse } from "./wire-known.ts";
import { checkOrder } from "./wire-order.ts";
import { eventDef, validate } from "./wire-schema.ts";

export { EXCEPTIONS, type Exception } from "./wire-exceptions.ts";

/** The body of `POST /v1/responses` unstreamed, or of `GET /v1/responses/{id}`. */
export function expectValidResponse(body: unknown): ResponseObject {
  validate("openai", "Response", "response", body);
  if (isKnownResponse(body)) validate("openresponses", "ResponseResource", "response", body);
  const response = body as ResponseObject;
  for (const item of response.output) checkForClients(item);
  return response;
}

/** One event, alone. */
export function expectValidEvent(event: unknown): ResponseEvent {
  if (!isJson(event)) throw new Error(`not an event: ${JSON.stringify(event)}`);
  const openai = eventDef(
    "openai",
    String(event.type).replace(/^response\.reasoning\./, "response.reasoning_text."),
  );
  if (!openai) throw new Error(`no event of this API: ${JSON.stringify(event)}`);
  validate("openai", openai, "event", event);
  if (isKnownEvent(event)) {
    const type = String(event.type).replace("response.reasoning_text.", "response.reasoning.");
    validate("openresponses", eventDef("openresponses", type) ?? "", "event", event);
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
  validate("openai", "ResponseItemList", "list", body);
  const list = body as ResponseItemList;
  for (const item of list.data) {
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

/** The body of an answer with a status of 400 or more. */
export function expectValidError(body: unknown): ErrorEnvelope {
  validate("openai", "ErrorResponse", "error", body);
  validate("openresponses", "ErrorPayload", "error", isJson(body) ? body.error : undefined);
  return body as ErrorEnvelope;
}
