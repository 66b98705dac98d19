import { isJson, type Json } from "./wire-exceptions.ts";
import { eventDef } from "./wire-schema.ts";

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
