import type { HostedItem, InTurn, ModelItem } from "../protocol/items.ts";
import type { ModelRequest } from "../protocol/model-request.ts";
import type { ResponseRequest } from "../protocol/request.ts";
import type { ResolvedTools } from "./resolve-tools.ts";

/** Whether the client wants log probabilities: by `include` or by `top_logprobs`. */
export function wantsLogprobs(request: ResponseRequest): boolean {
  return (request.top_logprobs ?? 0) > 0 || request.include.has("message.output_text.logprobs");
}

/** The model request of turn 0. Parameters that the client left out are `undefined`. */
export function toModelRequest(
  request: ResponseRequest,
  model: string,
  tools: ResolvedTools,
  items: readonly InTurn<ModelItem | HostedItem>[],
  runsHosted: boolean,
  extra?: ModelRequest["extra"],
): ModelRequest {
  return {
    model,
    instructions: request.instructions,
    items,
    tools: tools.functions,
    toolChoice: tools.choice,
    parallelToolCalls: request.parallel_tool_calls,
    maxOutputTokens: request.max_output_tokens,
    temperature: request.temperature,
    frequencyPenalty: request.frequency_penalty,
    presencePenalty: request.presence_penalty,
    topP: request.top_p,
    topLogprobs: request.top_logprobs,
    logprobs: wantsLogprobs(request),
    format: request.text?.format,
    verbosity: request.text?.verbosity ?? undefined,
    reasoning: request.reasoning,
    stream: request.stream,
    hosted:
      runsHosted || tools.hosted.length > 0
        ? { tools: tools.hosted, include: [...request.include], maxToolCalls: request.max_tool_calls }
        : undefined,
    passthrough: {
      metadata: Object.keys(request.metadata).length > 0 ? request.metadata : undefined,
      user: request.user,
      safety_identifier: request.safety_identifier,
      service_tier: request.service_tier,
      prompt_cache_key: request.prompt_cache_key,
      prompt_cache_retention: request.prompt_cache_retention,
      prompt_cache_options: request.prompt_cache_options,
    },
    ...(extra === undefined ? {} : { extra }),
  };
}
