import type { ModelFunction, ModelPassthrough, ModelRequest } from "../../core/index.ts";
import { addExtra, type ChatQuirks, isStrict, type Takes, takesOf } from "../dialect-chat/index.ts";
import { shownTools } from "./shown-tools.ts";
import { toInput } from "./to-input.ts";

/** How servers differ from one another, as far as it matters here. */
export interface ResponsesQuirks {
  /** Whether reasoning that is not encrypted goes back to the model; "never" leaves it out. */
  sendReasoning: "tool-calls" | "always" | "never";
  /** The status that the server gives an answer cut off at `max_output_tokens`. */
  cutAnswers: "incomplete" | "completed";
  /** What happens with a parameter; sent by default. */
  nativeParameters: ChatQuirks["nativeParameters"];
  /** How one function is forced: by its name, or by "required" with no other function sent. */
  forcedFunction: ChatQuirks["forcedFunction"];
  /** "unless-false": `strict: false` is the server's default. */
  strictTools: ChatQuirks["strictTools"];
  /** Whether tools are sent even if none may be called. */
  toolsWithNone: ChatQuirks["toolsWithNone"];
  /** Whether the server takes the penalties, which the API does not have. */
  nativePenalties: boolean;
  /** Extra parameters that the server takes. */
  passExtra: ChatQuirks["passExtra"];
  extraNames: ChatQuirks["extraNames"];
  /** Parameters sent as they came. */
  passthrough: readonly (keyof ModelPassthrough)[];
}

/** Asked of every model that may reason. Without it, reasoning could not go back to a server that stores nothing. */
const ENCRYPTED = "reasoning.encrypted_content";
/** OpenAI's models that do not reason. For these, its API refuses a request for encrypted reasoning. */
const REASONS_NOT = /(?:^|[/:])(?:gpt-3|gpt-4|chatgpt-|gpt-5-chat)/i;

/**
 * The body of `POST /responses`. It contains the whole conversation and the server stores nothing, so that the gateway
 * alone has the state. Calls `warn` for what the API lacks or the server does not take.
 * @throws InvalidRequestError for what the server's quirks refuse
 */
export function toResponsesRequest(
  request: ModelRequest,
  quirks: ResponsesQuirks,
  warn: (message: string) => void,
): Record<string, unknown> {
  const { hosted } = request;
  const takes = takesOf({ parameters: quirks.nativeParameters }, warn);
  const body: Record<string, unknown> = {
    model: request.model,
    input: toInput(request.items, quirks.sendReasoning !== "never"),
    store: false,
    include: toInclude(hosted?.include ?? [], request.model),
  };
  if (request.stream) body.stream = true;
  if (request.instructions !== undefined) body.instructions = request.instructions;
  const shown = shownTools(request, quirks, takes);
  const sendStrict = shown.functions.some((tool) => tool.strict === true) ? takes("tools.strict") : true;
  const functions = shown.functions.map((tool) =>
    toFunctionTool(sendStrict ? tool : { ...tool, strict: false }, quirks),
  );
  const tools = [...functions, ...shown.hosted];
  if (tools.length > 0) {
    body.tools = tools;
    if (shown.choice !== "auto") body.tool_choice = shown.choice;
    if (request.parallelToolCalls === false && takes("parallel_tool_calls")) body.parallel_tool_calls = false;
    if (hosted?.tools.length && hosted.maxToolCalls !== undefined) body.max_tool_calls = hosted.maxToolCalls;
  }
  addSampling(body, request, takes);
  if (request.logprobs && takes("top_logprobs")) addLogprobs(body, request.topLogprobs);
  addText(body, request, takes);
  if (request.reasoning !== undefined) {
    const { effort, ...rest } = request.reasoning;
    const sent = effort != null && takes("reasoning.effort") ? { effort, ...rest } : rest;
    if (Object.keys(sent).length > 0) body.reasoning = sent;
  }
  addPenalties(body, request, quirks, warn);
  for (const name of quirks.passthrough) {
    const value = request.passthrough[name];
    if (value !== undefined) body[name] = value;
  }
  addExtra(body, request, quirks);
  return body;
}

/** OpenAI's API has no penalties; some servers that speak it do. */
function addPenalties(
  body: Record<string, unknown>,
  { frequencyPenalty, presencePenalty }: ModelRequest,
  { nativePenalties }: ResponsesQuirks,
  warn: (message: string) => void,
): void {
  for (const [name, value] of Object.entries({
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
  })) {
    if (value === undefined) continue;
    if (nativePenalties) body[name] = value;
    else warn(`${name} was left out: the API does not have it`);
  }
}

function addSampling(body: Record<string, unknown>, request: ModelRequest, takes: Takes): void {
  const { maxOutputTokens, temperature, topP } = request;
  if (maxOutputTokens !== undefined && takes("max_output_tokens")) body.max_output_tokens = maxOutputTokens;
  if (temperature !== undefined && takes("temperature")) body.temperature = temperature;
  if (topP !== undefined && takes("top_p")) body.top_p = topP;
}

function addText(body: Record<string, unknown>, { format, verbosity }: ModelRequest, takes: Takes): void {
  const sent: Record<string, unknown> = {};
  // Plain text is the server's default.
  if (format !== undefined && (format.type === "text" || takes("text.format"))) sent.format = format;
  if (verbosity !== undefined && takes("text.verbosity")) sent.verbosity = verbosity;
  if (Object.keys(sent).length > 0) body.text = sent;
}

function toInclude(asked: readonly string[], model: string): string[] {
  if (REASONS_NOT.test(model)) return asked.filter((value) => value !== ENCRYPTED);
  return [...new Set([...asked, ENCRYPTED])];
}

function addLogprobs(body: Record<string, unknown>, top: number | undefined): void {
  body.include = [...new Set([...(body.include as string[]), "message.output_text.logprobs"])];
  if (top !== undefined) body.top_logprobs = top;
}

function toFunctionTool(tool: ModelFunction, quirks: ResponsesQuirks): Record<string, unknown> {
  const strict = isStrict(tool, quirks);
  return {
    type: "function",
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parameters: tool.parameters,
    // If absent, OpenAI would make all parameters required, and tools with optional ones would receive nulls.
    ...(strict || quirks.strictTools === "when-true" ? { strict } : {}),
  };
}
