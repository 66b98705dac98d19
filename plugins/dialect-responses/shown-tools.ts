import type { ModelFunction, ModelRequest, ToolChoice } from "../../core/index.ts";
import type { ChatQuirks, Takes } from "../dialect-chat/index.ts";

/** The tools that the model is shown, and which of them it must or may call: "auto" needs not be said. */
export interface ShownTools {
  functions: readonly ModelFunction[];
  hosted: readonly object[];
  choice: unknown;
}

/**
 * A choice in the API's own words, or in those that the server knows: where it takes no names, the other functions are
 * not shown; where it may call none, it is shown none unless its prompt cache is worth it.
 * @throws InvalidRequestError for a forced choice that the server's quirks refuse
 */
export function shownTools(
  request: ModelRequest,
  quirks: Pick<ChatQuirks, "nativeParameters" | "forcedFunction" | "toolsWithNone">,
  takes: Takes,
): ShownTools {
  const { tools: functions, toolChoice } = request;
  const { mode, names } = toolChoice;
  const hosted = request.hosted?.tools ?? [];
  const takesChoice = (quirks.nativeParameters.tool_choice ?? "send") === "send";
  if (mode === "none" && !(takesChoice && quirks.toolsWithNone))
    return { functions: [], hosted: [], choice: "auto" };
  if (takesChoice && quirks.forcedFunction === "by-name")
    return { functions, hosted, choice: toToolChoice(toolChoice) };
  const chooses = mode === "none" || (mode === "required" && takes("tool_choice"));
  return {
    functions: names === undefined ? functions : functions.filter(({ name }) => names.includes(name)),
    hosted: names === undefined ? hosted : hosted.filter(({ type }) => toolChoice.hosted?.includes(type)),
    choice: chooses ? mode : "auto",
  };
}

/** One tool is forced by its name, several are said as `allowed_tools`. */
function toToolChoice({ mode, names, hosted = [] }: ToolChoice): unknown {
  if (names === undefined) return mode;
  const tools = [...names.map((name) => ({ type: "function", name })), ...hosted.map((type) => ({ type }))];
  const [only] = tools;
  if (mode === "required" && only && tools.length === 1) return only;
  if (only === undefined) return "none";
  return mode === "none" ? mode : { type: "allowed_tools", mode, tools };
}
