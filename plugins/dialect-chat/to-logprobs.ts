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

/** Of tokens that end in this text, its own: before them may stand a thought. All, where they do not spell it. */
export function logProbsOfText(logprobs: wire.LogProb[], text: string): wire.LogProb[] {
  let spelled = "";
  for (let i = logprobs.length - 1; i >= 0 && spelled.length < text.length; i -= 1) {
    spelled = logprobs[i]?.token + spelled;
    if (spelled === text) return i === 0 ? logprobs : logprobs.slice(i);
  }
  return logprobs;
}
