import type { wire } from "../../core/index.ts";

type Details = Partial<wire.ResponseUsage["input_tokens_details"]> & { created_cache_tokens?: number | null };

/** Counts that the server does not give are 0. */
export function toUsage(usage: Partial<wire.ResponseUsage>): wire.ResponseUsage {
  // vLLM has another name for tokens written to its cache.
  const details: Details | null | undefined = usage.input_tokens_details;
  const input = toCount(usage.input_tokens);
  const output = toCount(usage.output_tokens);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: toCount(details?.cached_tokens),
      cache_write_tokens: toCount(details?.cache_write_tokens ?? details?.created_cache_tokens),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: toCount(usage.output_tokens_details?.reasoning_tokens) },
    total_tokens: toCount(usage.total_tokens ?? input + output),
  };
}

function toCount(value: unknown): number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? Math.round(value) : 0;
}
