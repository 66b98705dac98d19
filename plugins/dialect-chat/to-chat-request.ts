import { isHostedItem, type ModelRequest } from "../../core/index.ts";
import { addExtra } from "./add-extra.ts";
import type { ChatRequest } from "./chat-types.ts";
import { type Takes, takesOf } from "./lacking.ts";
import type { ChatQuirks } from "./quirks.ts";
import { addFormat, schemaInWords } from "./to-format.ts";
import { toChatMessages } from "./to-messages.ts";
import { addTools } from "./to-tools.ts";
import { unseenWarning, withoutToolImages } from "./without-tool-images.ts";

/**
 * The body of `POST /chat/completions`. The quirks say whether a parameter that the server lacks is refused, or left
 * out with a call of `warn`. Parameters for the client's records (`metadata`, `user`, …) are left out without a
 * warning. `server`: the server that is asked. It gets back what it attached to its earlier answers.
 * @throws InvalidRequestError for what is refused, and for content that the server cannot take
 */
export function toChatRequest(
  request: ModelRequest,
  quirks: ChatQuirks,
  warn: (message: string) => void,
  server?: string,
): ChatRequest {
  const takes = takesOf(quirks, warn);
  const { format } = request;
  const formatted = format !== undefined && format.type !== "text" && takes("text.format");
  const words = formatted ? schemaInWords(format, quirks) : undefined;
  if (words !== undefined)
    warn("text.format: the model server enforces no schema; the model is told the schema");
  const instructions = [request.instructions, words].filter((text) => text).join("\n\n");
  const body: ChatRequest = {
    model: request.model,
    messages: toChatMessages({ instructions, items: seenItems(request, quirks, warn) }, quirks, server),
  };
  warnOfHosted(request, warn);
  if (request.stream) {
    body.stream = true;
    if (quirks.includeUsage) body.stream_options = { include_usage: true };
  }
  addSampling(body, request, quirks, takes);
  if (request.tools.length > 0) addTools(body, request, quirks, takes);
  if (formatted) addFormat(body, format, quirks);
  if (request.logprobs) addLogProbs(body, request, quirks, takes, warn);
  const { summary } = request.reasoning ?? {};
  // "auto" leaves the choice to the server, which shows all of its reasoning or none.
  if (summary != null && summary !== "auto")
    warn("reasoning.summary was left out: chat completions have no summaries; reasoning is shown as it is");
  if (request.reasoning?.effort != null) addEffort(body, request.reasoning.effort, quirks, takes, warn);
  if (request.verbosity !== undefined && takes("text.verbosity")) body.verbosity = request.verbosity;
  for (const name of quirks.passthrough) {
    const value = request.passthrough[name];
    if (value !== undefined) body[name] = value;
  }
  addExtra(body, request, quirks);
  return body;
}

/**
 * Replaces images in tool outputs that the server does not take. Those in messages are refused: the client sent them.
 */
function seenItems(
  request: ModelRequest,
  { images }: ChatQuirks,
  warn: (message: string) => void,
): ModelRequest["items"] {
  if (images === "image_url") return request.items;
  const why = images === "none" ? "all" : "by-url";
  const seen = withoutToolImages(request, why);
  if (seen !== request) warn(unseenWarning(why));
  return seen.items;
}

function addSampling(body: ChatRequest, request: ModelRequest, quirks: ChatQuirks, takes: Takes): void {
  const { maxOutputTokens, temperature, topP, frequencyPenalty, presencePenalty } = request;
  if (maxOutputTokens !== undefined && takes("max_output_tokens")) body[quirks.maxTokens] = maxOutputTokens;
  if (temperature !== undefined && takes("temperature")) body.temperature = temperature;
  if (topP !== undefined && takes("top_p")) body.top_p = topP;
  if (frequencyPenalty !== undefined && takes("frequency_penalty")) body.frequency_penalty = frequencyPenalty;
  if (presencePenalty !== undefined && takes("presence_penalty")) body.presence_penalty = presencePenalty;
}

function addLogProbs(
  body: ChatRequest,
  request: ModelRequest,
  quirks: ChatQuirks,
  takes: Takes,
  warn: (message: string) => void,
): void {
  if (!takes("top_logprobs")) return;
  if (request.stream && body.tools !== undefined && !quirks.logprobsInToolStreams) {
    warn("top_logprobs was left out: the model server has none in a stream with tools");
    return;
  }
  body.logprobs = true;
  if (request.topLogprobs !== undefined) body.top_logprobs = request.topLogprobs;
}

type Effort = NonNullable<NonNullable<ModelRequest["reasoning"]>["effort"]>;

function addEffort(
  body: ChatRequest,
  effort: Effort,
  quirks: ChatQuirks,
  takes: Takes,
  warn: (message: string) => void,
): void {
  if (!takes("reasoning.effort")) return;
  if (!quirks.efforts.includes(effort)) {
    warn(`reasoning.effort was left out: the model server does not know "${effort}"`);
    return;
  }
  if (quirks.reasoningEffort !== "template") body.reasoning_effort = effort;
  if (quirks.reasoningEffort !== "parameter") body.chat_template_kwargs = { reasoning_effort: effort };
}

/** Warns about hosted tools, which the request has if this server replaces one that speaks the Responses API. */
function warnOfHosted({ items, hosted }: ModelRequest, warn: (message: string) => void): void {
  if (items.some(({ item }) => isHostedItem(item)))
    warn("items of hosted tools were left out: the model server cannot read them");
  for (const { type } of hosted?.tools ?? [])
    warn(`the tool "${type}" was left out: the model server does not run it`);
}
