import { type FinishReason, UpstreamError } from "../../core/index.ts";

/** By the letters of the word. What is in none of these lists means "stop" where the model has said something. */
const MEANINGS = {
  length: ["length", "maxtokens", "maxoutputtokens", "maxlength", "modellength", "contextlength"],
  /** Gemini's first; Z.ai's, Anthropic's and Bedrock's at the end. */
  content_filter: [
    "contentfilter",
    "contentfiltered",
    "safety",
    "imagesafety",
    "prohibitedcontent",
    "imageprohibitedcontent",
    "blocklist",
    "recitation",
    "imagerecitation",
    "spii",
    "sensitive",
    "refusal",
    "guardrailintervened",
  ],
  /** What the model wrote is no call, or the server stopped for a reason of its own. */
  failed: [
    "error",
    "networkerror",
    "malformedfunctioncall",
    "malformedtoolcall",
    "malformedresponse",
    "unexpectedtoolcall",
    "toomanytoolcalls",
    "missingthoughtsignature",
    "insufficientsystemresource",
    "abort",
    "aborted",
    "cancelled",
    "canceled",
  ],
  stop: ["stop", "stopsequence", "endturn", "eos", "eostoken", "complete", "completed"],
  calls: ["toolcall", "toolcalls", "tooluse", "functioncall"],
} as const;

type Meaning = keyof typeof MEANINGS;

const BY_LETTERS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries(MEANINGS).flatMap(([meaning, words]) =>
    words.map((word) => [word as string, meaning as Meaning] as const),
  ),
);

/** What a server's `finish_reason` means, in whatever case it is written; `undefined` for an unknown word. */
export function meaningOf(reason: unknown): Meaning | undefined {
  const letters = String(reason)
    .slice(0, 100)
    .toLowerCase()
    .replace(/[^a-z]/g, "");
  return BY_LETTERS.get(letters.replace(/^finishreason/, ""));
}

/**
 * How an answer ended. Some servers say "stop" although the model calls tools, and some say "tool_calls" although it
 * does not. `said`: whether the model has said anything.
 * @throws UpstreamError 502 where it failed, where calls are said to be and are not, and for an unknown reason to have
 * said nothing
 */
export function toFinishReason(
  reason: unknown,
  { calls, said }: { calls: boolean; said: boolean },
): FinishReason {
  const meaning = reason === undefined ? "stop" : meaningOf(reason);
  if (meaning === "length" || meaning === "content_filter") return meaning;
  if (meaning === "failed" || (meaning !== "stop" && !said))
    throw new UpstreamError(502, `the model server ended its answer with "${String(reason).slice(0, 60)}"`);
  return calls ? "tool_calls" : "stop";
}
