import type { wire } from "../../core/index.ts";
import type { ChatLogProb } from "./chat-types.ts";

/**
 * Converts log probabilities. `bytes` is required by the Responses API; if a server leaves it out, it is the token's.
 */
export function toLogProbs(logprobs: readonly ChatLogProb[]): wire.LogProb[] {
  return logprobs.map((logprob) => ({
    ...toTopLogProb(logprob),
    top_logprobs: (logprob.top_logprobs ?? []).map(toTopLogProb),
  }));
}

function toTopLogProb({ token, logprob, bytes }: ChatLogProb): wire.TopLogProb {
  return { token, logprob, bytes: bytes ?? [...Buffer.from(token)] };
}

/** The log probabilities of this text, without those of a thought before it. All of them if they do not spell it. */
export function logProbsOfText(logprobs: wire.LogProb[], text: string): wire.LogProb[] {
  let spelled = "";
  for (let i = logprobs.length - 1; i >= 0 && spelled.length < text.length; i -= 1) {
    spelled = logprobs[i]?.token + spelled;
    if (spelled === text) return i === 0 ? logprobs : logprobs.slice(i);
  }
  return logprobs;
}
