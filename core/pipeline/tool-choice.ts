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
  const some = entries.some((entry) => entry.names.size > 0);
  if (typeof choice === "string") {
    if (choice === "required" && !some) throw missing(choice);
    return { mode: choice };
  }
  if (choice.type === "allowed_tools") {
    const names = choice.tools.flatMap((tool) => namesOf(tool as unknown as Choice, entries));
    if (choice.mode === "required" && names.length === 0) throw missing(choice);
    return { mode: choice.mode, names };
  }
  const names = namesOf(choice as Choice, entries);
  if (names.length === 0) throw missing(choice);
  return { mode: "required", names };
}

interface Choice {
  type: string;
  name?: string | null;
  server_label?: string;
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
