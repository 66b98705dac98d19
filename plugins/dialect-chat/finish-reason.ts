import type { FinishReason } from "../../core/index.ts";

/**
 * What a server's `finish_reason` means. Unknown words mean "stop". Some servers say "stop" although the
 * model calls tools, and some say "tool_calls" although it does not.
 */
export function toFinishReason(reason: string | undefined, hasCalls: boolean): FinishReason {
  switch (reason) {
    case "length":
    case "max_tokens":
    case "model_length":
      return "length";
    case "content_filter":
      return "content_filter";
    default:
      return hasCalls ? "tool_calls" : "stop";
  }
}
