import type { ModelFunction, ModelRequest } from "../../core/index.ts";
import type { ChatRequest, ChatTool } from "./chat-types.ts";
import type { Takes } from "./lacking.ts";
import type { ChatQuirks } from "./quirks.ts";

/** Adds the functions that the model may call, and which of them it must. */
export function addTools(body: ChatRequest, request: ModelRequest, quirks: ChatQuirks, takes: Takes): void {
  const { mode, names } = request.toolChoice;
  // "auto" is the default wherever there are tools, and not every server takes the word.
  const chooses = mode !== "auto" && (mode !== "none" || !lacksChoice(quirks)) && takes("tool_choice");
  // A server that cannot be told to call none is not shown any.
  if (mode === "none" && !chooses) return;

  const only = mode === "required" && names?.length === 1 ? names[0] : undefined;
  const byName = only !== undefined && chooses && quirks.forcedFunction === "by-name";
  // Chat completions can force one function by name; of several, the others are not shown.
  const tools =
    names === undefined || byName ? request.tools : request.tools.filter((tool) => names.includes(tool.name));
  if (tools.length === 0) return;
  const strict = tools.some((tool) => tool.strict === true) ? takes("tools.strict") : true;
  body.tools = tools.map((tool) => toChatTool(tool, strict));
  if (byName) body.tool_choice = { type: "function", function: { name: only } };
  else if (chooses) body.tool_choice = mode;

  const parallel = request.parallelToolCalls;
  if (parallel === undefined || (parallel && quirks.parallelToolCalls === "false-only")) return;
  if (takes("parallel_tool_calls")) body.parallel_tool_calls = parallel;
}

function lacksChoice({ parameters }: ChatQuirks): boolean {
  return (parameters.tool_choice ?? "send") !== "send";
}

function toChatTool(tool: ModelFunction, sendStrict: boolean): ChatTool {
  const definition: ChatTool["function"] = { name: tool.name, parameters: tool.parameters };
  if (tool.description !== undefined) definition.description = tool.description;
  if (tool.strict !== undefined && sendStrict) definition.strict = tool.strict;
  return { type: "function", function: definition };
}
