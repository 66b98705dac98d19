import { type FinishReason, UpstreamError } from "../../core/index.ts";

/** Compared by letters only. A word in none of these lists means "stop" if the model has written something. */
const MEANINGS = {
  length: ["length", "maxtokens", "maxoutputtokens", "maxlength", "modellength", "contextlength"],
  /** Gemini's words come first; Z.ai's, Anthropic's and Bedrock's come last. */
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
  /** The model wrote an invalid call, or the server stopped for its own reason. */
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

/** The meaning of a server's `finish_reason`, in any case; `undefined` for an unknown word. */
export function meaningOf(reason: unknown): Meaning | undefined {
  const letters = String(reason)
    .slice(0, 100)
    .toLowerCase()
    .replace(/[^a-z]/g, "");
  return BY_LETTERS.get(letters.replace(/^finishreason/, ""));
}

/**
 * How an answer ended. Some servers say "stop" although the model calls tools, and some say "tool_calls" although it
 * does not. `said`: whether the model has written anything.
 * @throws UpstreamError 502 if it failed, if announced calls are missing, or if an empty answer has an unknown reason
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
