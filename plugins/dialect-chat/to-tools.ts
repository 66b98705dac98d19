import type { ModelFunction, ModelRequest } from "../../core/index.ts";
import type { ChatRequest, ChatTool } from "./chat-types.ts";
import { isClosed } from "./closed-schema.ts";
import type { Takes } from "./lacking.ts";
import type { ChatQuirks } from "./quirks.ts";

/** Adds the functions that the model may call, and the choice among them. */
export function addTools(body: ChatRequest, request: ModelRequest, quirks: ChatQuirks, takes: Takes): void {
  const { mode, names } = request.toolChoice;
  // "auto" is the default if there are tools, and not every server accepts the word.
  // Tools that the model may not call are left out, since some models call them anyway.
  if (mode === "none" && (!quirks.toolsWithNone || lacksChoice(quirks))) return;
  const chooses = mode !== "auto" && takes("tool_choice");

  const only = mode === "required" && names?.length === 1 ? names[0] : undefined;
  const byName = only !== undefined && chooses && quirks.forcedFunction === "by-name";
  // Chat completions can force one function by name. If several are allowed, the other functions are not sent.
  const shown = names && new Set(names);
  const tools = !shown || byName ? request.tools : request.tools.filter((tool) => shown.has(tool.name));
  if (tools.length === 0) return;
  const sendsStrict = tools.some((tool) => tool.strict) ? takes("tools.strict") : takesStrict(quirks);
  body.tools = tools.map((tool) => toChatTool(tool, sendsStrict && isStrict(tool, quirks)));
  if (byName) body.tool_choice = { type: "function", function: { name: only } };
  else if (chooses) body.tool_choice = mode;

  const parallel = request.parallelToolCalls;
  if (parallel === undefined || (parallel && quirks.parallelToolCalls === "false-only")) return;
  if (takes("parallel_tool_calls")) body.parallel_tool_calls = parallel;
}

/** Whether a function is strict. At OpenAI it is by default if its schema is closed. */
export function isStrict(
  { strict, parameters }: ModelFunction,
  quirks: Pick<ChatQuirks, "strictTools">,
): boolean {
  return strict ?? (quirks.strictTools === "unless-false" && isClosed(parameters));
}

function takesStrict({ parameters }: ChatQuirks): boolean {
  return (parameters["tools.strict"] ?? "send") === "send";
}

function lacksChoice({ parameters }: ChatQuirks): boolean {
  return (parameters.tool_choice ?? "send") !== "send";
}

/** `strict: false` is the servers' default and not sent; some chat templates would show it to the model. */
function toChatTool(tool: ModelFunction, strict: boolean): ChatTool {
  const definition: ChatTool["function"] = { name: tool.name, parameters: tool.parameters };
  if (tool.description !== undefined) definition.description = tool.description;
  if (strict) definition.strict = true;
  return { type: "function", function: definition };
}
