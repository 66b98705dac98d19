import { isHostedItem, type ModelFunction, type ModelRequest } from "../../core/index.ts";
import type { ChatRequest, ChatTool } from "./chat-types.ts";
import type { ChatQuirks } from "./quirks.ts";
import { toChatMessages } from "./to-messages.ts";

/**
 * The body of `POST /chat/completions`. A parameter that the server lacks is left out and `warn` is told;
 * the echo-only ones (`metadata`, `user`, …) go quietly.
 * @throws InvalidRequestError for content that chat completions cannot carry
 */
export function toChatRequest(
  request: ModelRequest,
  quirks: ChatQuirks,
  warn: (message: string) => void,
): ChatRequest {
  const body: ChatRequest = { model: request.model, messages: toChatMessages(request, quirks) };
  if (request.items.some(({ item }) => isHostedItem(item)))
    warn("items of hosted tools were left out: the model server cannot read them");
  for (const { type } of request.hosted?.tools ?? [])
    warn(`the tool "${type}" was left out: the model server does not run it`);
  if (request.stream) {
    body.stream = true;
    if (quirks.includeUsage) body.stream_options = { include_usage: true };
  }
  if (request.maxOutputTokens !== undefined) body[quirks.maxTokens] = request.maxOutputTokens;
  if (request.temperature !== undefined) body.temperature = request.temperature;
  if (request.frequencyPenalty !== undefined) body.frequency_penalty = request.frequencyPenalty;
  if (request.presencePenalty !== undefined) body.presence_penalty = request.presencePenalty;
  if (request.topP !== undefined) body.top_p = request.topP;
  if (request.tools.length > 0) addTools(body, request, quirks, warn);
  if (request.format !== undefined) addFormat(body, request.format, quirks, warn);
  if (request.logprobs) {
    if (!quirks.logprobs) warn("logprobs were left out: the model server does not give them");
    else {
      body.logprobs = true;
      if (request.topLogprobs !== undefined) body.top_logprobs = request.topLogprobs;
    }
  }
  const effort = request.reasoning?.effort;
  if (effort != null) {
    if (quirks.reasoningEffort) body.reasoning_effort = effort;
    else warn("reasoning.effort was left out: the model server does not take it");
  }
  if (request.verbosity !== undefined) {
    if (quirks.verbosity) body.verbosity = request.verbosity;
    else warn("text.verbosity was left out: the model server does not take it");
  }
  for (const name of quirks.passthrough) {
    const value = request.passthrough[name];
    if (value !== undefined) body[name] = value;
  }
  return body;
}

function addTools(
  body: ChatRequest,
  request: ModelRequest,
  quirks: ChatQuirks,
  warn: (message: string) => void,
): void {
  const { mode, names } = request.toolChoice;
  const only = mode === "required" && names?.length === 1 ? names[0] : undefined;
  // Chat completions can force one function by name; of several, the others are not shown.
  const tools =
    names === undefined || only !== undefined
      ? request.tools
      : request.tools.filter((tool) => names.includes(tool.name));
  if (tools.length === 0) return;
  body.tools = tools.map((tool) => toChatTool(tool, quirks));
  // "auto" is the default wherever there are tools, and not every server takes the word.
  if (only !== undefined) body.tool_choice = { type: "function", function: { name: only } };
  else if (mode !== "auto") body.tool_choice = mode;
  if (request.parallelToolCalls === false) {
    if (quirks.parallelToolCalls) body.parallel_tool_calls = false;
    else warn("parallel_tool_calls was left out: the model server does not take it");
  }
}

function toChatTool(tool: ModelFunction, quirks: ChatQuirks): ChatTool {
  const definition: ChatTool["function"] = { name: tool.name, parameters: tool.parameters };
  if (tool.description !== undefined) definition.description = tool.description;
  if (tool.strict !== undefined && quirks.strictTools) definition.strict = tool.strict;
  return { type: "function", function: definition };
}

function addFormat(
  body: ChatRequest,
  format: NonNullable<ModelRequest["format"]>,
  quirks: ChatQuirks,
  warn: (message: string) => void,
): void {
  if (format.type === "text") return;
  if (quirks.structuredOutput === "none") {
    warn("text.format was left out: the model server has no structured output");
    return;
  }
  if (format.type === "json_object" || quirks.structuredOutput === "json_object") {
    if (format.type === "json_schema")
      warn("text.format: the model server gives JSON, but holds to no schema");
    body.response_format = { type: "json_object" };
    return;
  }
  body.response_format = {
    type: "json_schema",
    json_schema: {
      name: format.name,
      schema: format.schema,
      ...(format.description === undefined ? {} : { description: format.description }),
      ...(format.strict == null ? {} : { strict: format.strict }),
    },
  };
}
