import { z } from "zod";
import { isObject, notSupportedYet, type Problem, problemIn, quote, wrongType } from "./problem.ts";
import type { ToolEntry } from "./request.ts";
import { toolTypeClass } from "./tool-types.ts";
import type { FunctionTool } from "./wire.ts";

const functionTool = z.object({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().nullish(),
  parameters: z.custom(isObject, "an object").nullish(),
  strict: z.boolean().nullish(),
});

/**
 * What is wrong with an entry of `tools`. Hosted types pass as they are: the tool kind that owns them reads
 * them. `knownTypes` are the types that plugins registered.
 */
export function toolProblem(entry: unknown, knownTypes: ReadonlySet<string>): Problem | undefined {
  if (!isObject(entry)) return wrongType("", "an object", entry);
  const { type } = entry;
  if (typeof type !== "string") return wrongType(".type", "a string", type);
  const kind = toolTypeClass(type);
  if (kind === "function") return problemIn(functionTool, entry);
  if (kind === "hosted" || knownTypes.has(type)) return undefined;
  if (kind === "client") return notSupportedYet(".type", `a tool of type ${quote(type)}`);
  return { path: ".type", text: `${quote(type)} is no known tool type` };
}

export function isFunctionTool(entry: ToolEntry): entry is FunctionTool {
  return entry.type === "function";
}

const functionNames = new WeakMap<readonly ToolEntry[], ReadonlySet<string>>();

/** The function names in a request's `tools`, as a set to look up calls in. */
export function functionNamesOf(entries: readonly ToolEntry[]): ReadonlySet<string> {
  let names = functionNames.get(entries);
  if (!names) {
    names = new Set(entries.filter(isFunctionTool).map(({ name }) => name));
    functionNames.set(entries, names);
  }
  return names;
}

/**
 * A checked entry with what the API lets a function leave out, since an echoed one has all of it; any other
 * entry as it came.
 */
export function toToolEntry(entry: ToolEntry): ToolEntry {
  if (!isFunctionTool(entry)) return entry;
  const { description = null, strict = null } = entry;
  return {
    ...entry,
    description,
    parameters: entry.parameters ?? { type: "object", properties: {} },
    strict,
  };
}
