import { InvalidRequestError } from "../errors.ts";
import type { ToolChoice } from "../protocol/model-request.ts";
import type { ToolEntry } from "../protocol/request.ts";
import { toolFamily } from "../protocol/tool-types.ts";
import type { ToolChoiceParam } from "../protocol/wire.ts";

/** An entry with the functions that it became. */
export interface EntryFunctions {
  entry: ToolEntry;
  /** Whether the upstream runs it itself. */
  hosted?: boolean;
  /** Name for the model → name on the wire. */
  names: Map<string, string>;
}

/**
 * `tool_choice` in terms of the functions that the model sees.
 * @throws InvalidRequestError when it forces a tool that is not there
 */
export function toToolChoice(choice: ToolChoiceParam, entries: readonly EntryFunctions[]): ToolChoice {
  const some = entries.some((entry) => entry.names.size > 0 || entry.hosted);
  if (typeof choice === "string") {
    if (choice === "required" && !some) throw missing(choice);
    return { mode: choice };
  }
  if (choice.type === "allowed_tools") {
    const chosen = choice.tools as unknown as Choice[];
    const limits = limitedTo(chosen, entries);
    if (choice.mode === "required" && !limits) throw missing(choice);
    return { mode: choice.mode, ...(limits ?? { names: [] }) };
  }
  const limits = limitedTo([choice as Choice], entries);
  if (!limits) throw missing(choice);
  return { mode: "required", ...limits };
}

interface Choice {
  type: string;
  name?: string | null;
  server_label?: string;
}

/** The functions and hosted types that choices mean; `undefined` if there are none. */
function limitedTo(
  choices: readonly Choice[],
  entries: readonly EntryFunctions[],
): Pick<ToolChoice, "names" | "hosted"> | undefined {
  const offered = byFamily(entries);
  const names = new Set<string>();
  const hosted = new Set<string>();
  // A repeated choice adds nothing. Without duplicates there are at most as many choices as tools.
  const seen = new Set<string>();
  for (const choice of choices) {
    const { type, server_label, name } = choice;
    const key = JSON.stringify([type, server_label, name]);
    if (seen.has(key)) continue;
    seen.add(key);
    const family = offered.get(toolFamily(type));
    if (family?.hosted) hosted.add(type);
    for (const offer of (name ? family?.byName.get(name) : family?.all) ?? [])
      if (server_label === undefined || offer.label === server_label) names.add(offer.name);
  }
  if (hosted.size > 0) return { names: [...names], hosted: [...hosted] };
  return names.size > 0 ? { names: [...names] } : undefined;
}

/** A function, with the name that the model sees. */
interface Offer {
  name: string;
  label: string | undefined;
}

/** The functions from entries of one family of types, by name on the wire, to look up what a choice means. */
interface Family {
  hosted: boolean;
  all: Offer[];
  byName: Map<string, Offer[]>;
}

function byFamily(entries: readonly EntryFunctions[]): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const { entry, names, hosted } of entries) {
    const type = toolFamily(entry.type);
    const family: Family = families.get(type) ?? { hosted: false, all: [], byName: new Map() };
    families.set(type, family);
    family.hosted ||= hosted === true;
    const label = (entry as Choice).server_label;
    for (const [name, wireName] of names) {
      const offer = { name, label };
      family.all.push(offer);
      const named = family.byName.get(wireName);
      if (named) named.push(offer);
      else family.byName.set(wireName, [offer]);
    }
  }
  return families;
}

function missing(choice: ToolChoiceParam): InvalidRequestError {
  const what =
    typeof choice === "string"
      ? `"${choice}"`
      : JSON.stringify(
          Object.fromEntries(Object.entries(choice).filter(([, value]) => typeof value === "string")),
        );
  return new InvalidRequestError(`tool_choice is ${what}, but no such tool can be called here`, {
    param: "tool_choice",
  });
}
