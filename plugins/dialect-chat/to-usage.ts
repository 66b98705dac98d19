import type { wire } from "../../core/index.ts";
import type { ChatUsage } from "./chat-types.ts";

/** Counts that the server does not give are 0. */
export function toUsage(usage: ChatUsage): wire.ResponseUsage {
  const input = toCount(usage.prompt_tokens);
  const output = toCount(usage.completion_tokens);
  const details = usage.prompt_tokens_details;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: toCount(details?.cached_tokens ?? usage.prompt_cache_hit_tokens),
      cache_write_tokens: toCount(details?.cache_write_tokens ?? details?.created_cache_tokens),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: toCount(usage.completion_tokens_details?.reasoning_tokens) },
    total_tokens: toCount(usage.total_tokens ?? input + output),
  };
}

/** A whole number from 0, whatever the server wrote. */
export function toCount(value: unknown): number {
  const count = typeof value === "string" ? Number(value) : value;
  return typeof count === "number" && count >= 0 && Number.isFinite(count) ? Math.round(count) : 0;
}
