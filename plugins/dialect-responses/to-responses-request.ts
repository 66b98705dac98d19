import type { ModelFunction, ModelPassthrough, ModelRequest, ToolChoice } from "../../core/index.ts";
import { toInput } from "./to-input.ts";

/** How one server differs from another, as far as it matters here. */
export interface ResponsesQuirks {
  /** Whether reasoning that is not encrypted goes back to the model; "never" leaves it out. */
  sendReasoning: "tool-calls" | "always" | "never";
  /** What the server calls an answer that it cut off at `max_output_tokens`. */
  cutAnswers: "incomplete" | "completed";
  /** Parameters sent as they came. */
  passthrough: readonly (keyof ModelPassthrough)[];
}

/** Asked of every model that may reason: without it reasoning could not go back to a server that keeps nothing. */
const ENCRYPTED = "reasoning.encrypted_content";
/** OpenAI's models that do not reason, with which its API refuses to be asked for encrypted reasoning. */
const REASONS_NOT = /(?:^|[/:])(?:gpt-3|gpt-4|chatgpt-|gpt-5-chat)/i;

/**
 * The body of `POST /responses`. The conversation goes along whole and nothing is kept there: whose state it is
 * is never in doubt. `warn` is told what the API has no word for.
 */
export function toResponsesRequest(
  request: ModelRequest,
  quirks: ResponsesQuirks,
  warn: (message: string) => void,
): Record<string, unknown> {
  const { hosted } = request;
  const body: Record<string, unknown> = {
    model: request.model,
    input: toInput(request.items, quirks.sendReasoning !== "never"),
    store: false,
    include: toInclude(hosted?.include ?? [], request.model),
  };
  if (request.stream) body.stream = true;
  if (request.instructions !== undefined) body.instructions = request.instructions;
  const functions = request.tools.map(toFunctionTool);
  const tools = [...functions, ...(hosted?.tools ?? [])];
  if (tools.length > 0) {
    body.tools = tools;
    const choice = toToolChoice(request.toolChoice);
    if (choice !== "auto") body.tool_choice = choice;
    if (request.parallelToolCalls === false) body.parallel_tool_calls = false;
    if (hosted?.tools.length && hosted.maxToolCalls !== undefined) body.max_tool_calls = hosted.maxToolCalls;
  }
  if (request.maxOutputTokens !== undefined) body.max_output_tokens = request.maxOutputTokens;
  if (request.temperature !== undefined) body.temperature = request.temperature;
  if (request.topP !== undefined) body.top_p = request.topP;
  if (request.logprobs) addLogprobs(body, request.topLogprobs);
  if (request.format !== undefined || request.verbosity !== undefined)
    body.text = {
      ...(request.format === undefined ? {} : { format: request.format }),
      ...(request.verbosity === undefined ? {} : { verbosity: request.verbosity }),
    };
  if (request.reasoning !== undefined) body.reasoning = request.reasoning;
  if (request.frequencyPenalty !== undefined) warn("frequency_penalty was left out: the API has none");
  if (request.presencePenalty !== undefined) warn("presence_penalty was left out: the API has none");
  for (const name of quirks.passthrough) {
    const value = request.passthrough[name];
    if (value !== undefined) body[name] = value;
  }
  return body;
}

function toInclude(asked: readonly string[], model: string): string[] {
  if (REASONS_NOT.test(model)) return asked.filter((value) => value !== ENCRYPTED);
  return [...new Set([...asked, ENCRYPTED])];
}

function addLogprobs(body: Record<string, unknown>, top: number | undefined): void {
  body.include = [...new Set([...(body.include as string[]), "message.output_text.logprobs"])];
  if (top !== undefined) body.top_logprobs = top;
}

function toFunctionTool(tool: ModelFunction): Record<string, unknown> {
  return {
    type: "function",
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parameters: tool.parameters,
    // Absent, the API would make all parameters required: tools that know optional ones would be given nulls.
    strict: tool.strict ?? false,
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
