import { type HostedItem, type InTurn, isFunctionCall, type ModelItem } from "./items.ts";
import { JsonBudget } from "./json-scan.ts";
import type { ModelRequest } from "./model-request.ts";
import { isObject } from "./problem.ts";
import type { FunctionToolCall } from "./wire.ts";

type Entry = InTurn<ModelItem | HostedItem>;

/** Calls whose arguments are known to be an object: the items of a history come again in every turn. */
const known = new WeakSet<FunctionToolCall>();

/**
 * The request with a JSON object as the arguments of every call. Model servers parse the arguments of the whole history,
 * and one that they cannot parse makes them refuse the conversation from then on.
 */
export function withObjectArguments(request: ModelRequest): ModelRequest {
  let items: Entry[] | undefined;
  const budget = new JsonBudget();
  // A loop by index: this runs over the whole history in each turn.
  for (let i = 0; i < request.items.length; i++) {
    const entry = request.items[i] as Entry;
    const { item } = entry;
    if (!isFunctionCall(item) || known.has(item)) continue;
    const text = toObjectText(item.arguments, budget);
    if (text === item.arguments) {
      known.add(item);
      continue;
    }
    items ??= [...request.items];
    items[i] = { ...entry, item: { ...item, arguments: text } };
  }
  return items ? { ...request, items } : request;
}

/**
 * `{}` for an empty text and for `null`; `{"arguments": "<the text>"}` for anything else that is not an object or exceeds
 * `budget`; the text of an object as it is.
 */
export function toObjectText(text: string, budget = new JsonBudget()): string {
  if (typeof text !== "string" || text.trim() === "") return "{}";
  const value = budget.takes(text) ? parsed(text) : undefined;
  if (isObject(value)) return text;
  return value === null ? "{}" : JSON.stringify({ arguments: text });
}

/** `undefined` if it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
