import type { ModelFunction, ModelRequest, ToolChoice } from "../../core/index.ts";
import type { ChatQuirks, Takes } from "../dialect-chat/index.ts";

/** The tools shown to the model, and which of them it must or may call. "auto" is the default and left out. */
export interface ShownTools {
  functions: readonly ModelFunction[];
  hosted: readonly object[];
  choice: unknown;
}

/**
 * The tool choice in the API's form, or in the form that the server supports. If the server takes no names, the other
 * functions are not sent. If the model may call no tools, none are sent, except to servers with a prompt cache.
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

/** One tool is forced by its name, several by `allowed_tools`. */
function toToolChoice({ mode, names, hosted = [] }: ToolChoice): unknown {
  if (names === undefined) return mode;
  const tools = [...names.map((name) => ({ type: "function", name })), ...hosted.map((type) => ({ type }))];
  const [only] = tools;
  if (mode === "required" && only && tools.length === 1) return only;
  if (only === undefined) return "none";
  return mode === "none" ? mode : { type: "allowed_tools", mode, tools };
}
