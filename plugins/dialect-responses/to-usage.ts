import type { wire } from "../../core/index.ts";

/** Counts that the server does not give are 0. */
export function toUsage(usage: Partial<wire.ResponseUsage>): wire.ResponseUsage {
  const input = toCount(usage.input_tokens);
  const output = toCount(usage.output_tokens);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: toCount(usage.input_tokens_details?.cached_tokens),
      cache_write_tokens: toCount(usage.input_tokens_details?.cache_write_tokens),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: toCount(usage.output_tokens_details?.reasoning_tokens) },
    total_tokens: toCount(usage.total_tokens ?? input + output),
  };
}

function toCount(value: unknown): number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? Math.round(value) : 0;
}
