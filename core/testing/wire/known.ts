import { isJson, type Json } from "./exceptions.ts";
import { eventDef, OLDER_ITEMS, OLDER_TOOLS } from "./schema.ts";

/** Whether OpenAI's older description knows the types of all items and tools in a response, and its reasons. */
export function isOlderResponse(response: unknown): boolean {
  if (!isJson(response)) return true;
  return (
    arrayOf(response.output).every(isOlderItem) &&
    arrayOf(response.tools).every((tool) => !isJson(tool) || OLDER_TOOLS.has(tool.type)) &&
    !(isJson(response.incomplete_details) && NEW_REASONS.has(response.incomplete_details.reason))
  );
}

const NEW_REASONS = new Set<unknown>(["max_messages", "steered"]);

export function isOlderItem(item: unknown): boolean {
  return !isJson(item) || OLDER_ITEMS.has(item.type);
}

export function isOlderEvent(event: Json): boolean {
  return isOlderResponse(event.response) && isOlderItem(event.item);
}

/**
 * Whether a value uses only what the Open Responses file knows. Its `ItemField`, `Tool` and `Annotation`
 * are closed unions that are smaller than OpenAI's; what lies outside is validated by OpenAI's file alone.
 */
const KNOWN_ITEMS = new Set<unknown>(["message", "function_call", "function_call_output", "reasoning"]);
const KNOWN_CHOICES = new Set<unknown>(["function", "allowed_tools"]);

export function isKnownResponse(response: unknown): boolean {
  if (!isJson(response)) return true;
  return (
    arrayOf(response.output).every(isKnownItem) &&
    arrayOf(response.tools).every(isFunction) &&
    isKnownChoice(response.tool_choice)
  );
}

export function isKnownItem(item: unknown): boolean {
  if (!isJson(item)) return true;
  return KNOWN_ITEMS.has(item.type) && arrayOf(item.content).every(isKnownPart);
}

export function isKnownEvent(event: Json): boolean {
  // Both files have an `error` event, of different shapes; vr ends streams with `response.failed`.
  if (event.type === "error") return false;
  const type = String(event.type).replace("response.reasoning_text.", "response.reasoning.");
  return (
    eventDef("openresponses", type) !== undefined &&
    isKnownResponse(event.response) &&
    isKnownItem(event.item) &&
    isKnownPart(event.part) &&
    isKnownAnnotation(event.annotation)
  );
}

function isKnownPart(part: unknown): boolean {
  return !isJson(part) || arrayOf(part.annotations).every(isKnownAnnotation);
}

function isKnownAnnotation(annotation: unknown): boolean {
  return !isJson(annotation) || annotation.type === "url_citation";
}

function isKnownChoice(choice: unknown): boolean {
  if (!isJson(choice)) return true;
  return KNOWN_CHOICES.has(choice.type) && arrayOf(choice.tools).every(isFunction);
}

function isFunction(tool: unknown): boolean {
  return isJson(tool) && tool.type === "function";
}

function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
