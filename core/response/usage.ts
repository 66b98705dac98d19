import type { ResponseUsage } from "../protocol/wire.ts";

/** The usage of several turns: what each model call cost, added up. */
export function addUsage(total: ResponseUsage | null, turn: ResponseUsage): ResponseUsage {
  if (!total) return turn;
  const { input_tokens_details: input, output_tokens_details: output } = total;
  return {
    input_tokens: total.input_tokens + turn.input_tokens,
    input_tokens_details: {
      cached_tokens: input.cached_tokens + turn.input_tokens_details.cached_tokens,
      cache_write_tokens:
        (input.cache_write_tokens ?? 0) + (turn.input_tokens_details.cache_write_tokens ?? 0),
    },
    output_tokens: total.output_tokens + turn.output_tokens,
    output_tokens_details: {
      reasoning_tokens: output.reasoning_tokens + turn.output_tokens_details.reasoning_tokens,
    },
    total_tokens: total.total_tokens + turn.total_tokens,
  };
}
