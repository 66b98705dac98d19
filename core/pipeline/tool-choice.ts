import { InvalidRequestError } from "../errors.ts";
import type { ToolChoice } from "../protocol/model-request.ts";
import { toolFamily } from "../protocol/tool-types.ts";
import type { ToolChoiceParam } from "../protocol/wire.ts";
import type { EntryFunctions } from "./resolve-tools.ts";

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
  const names = choices.flatMap((choice) => namesOf(choice, entries));
  const hosted = choices.filter(({ type }) =>
    entries.some(({ entry, hosted }) => hosted && toolFamily(entry.type) === toolFamily(type)),
  );
  if (hosted.length > 0) return { names, hosted: hosted.map(({ type }) => type) };
  return names.length > 0 ? { names } : undefined;
}

/** The functions that a choice means: of its type, with its label and its wire name where it says one. */
function namesOf(choice: Choice, entries: readonly EntryFunctions[]): string[] {
  return entries.flatMap(({ entry, names }) => {
    if (toolFamily(entry.type) !== toolFamily(choice.type)) return [];
    if (choice.server_label !== undefined && (entry as Choice).server_label !== choice.server_label)
      return [];
    return [...names]
      .filter(([, wireName]) => !choice.name || wireName === choice.name)
      .map(([name]) => name);
  });
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
