import { entryOf } from "./catalogue.ts";
import { ownItem } from "./hosted-forms.ts";
import { isObject, notSupportedYet, type Problem, problemIn, quote, wrongType } from "./problem.ts";

const NONE: ReadonlySet<string> = new Set();

/** What is wrong with an entry of `input`; `undefined` means that it is an `Item`. `owned`: types that plugins own. */
export function itemProblem(item: unknown, owned: ReadonlySet<string> = NONE): Problem | undefined {
  if (!isObject(item)) return wrongType("", "an object", item);
  const type = item.type ?? impliedType(item);
  if (typeof type !== "string") return wrongType(".type", "a string", type);
  const entry = entryOf(type);
  if (entry?.problem) return entry.problem(item);
  if (owned.has(type)) return problemIn(ownItem, item);
  if (entry) return notSupportedYet(".type", `an item of type ${quote(type)}`);
  return { path: ".type", text: `${quote(type)} is no known item type` };
}

/** Messages and references may come without a type. */
function impliedType(item: Record<string, unknown>): string | undefined {
  if (item.role !== undefined) return "message";
  return item.id === undefined ? undefined : "item_reference";
}
