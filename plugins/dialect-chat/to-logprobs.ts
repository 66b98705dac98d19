import type { wire } from "../../core/index.ts";
import type { ChatLogProb } from "./chat-types.ts";

/** Servers may leave `bytes` out, which the Responses API does not: then they are the token's own. */
export function toLogProbs(logprobs: readonly ChatLogProb[]): wire.LogProb[] {
  return logprobs.map((logprob) => ({
    ...toTopLogProb(logprob),
    top_logprobs: (logprob.top_logprobs ?? []).map(toTopLogProb),
  }));
}

function toTopLogProb({ token, logprob, bytes }: ChatLogProb): wire.TopLogProb {
  return { token, logprob, bytes: bytes ?? [...Buffer.from(token)] };
}
