import type { ModelChunk, PartType, wire } from "../../core/index.ts";
import { toLogProbs } from "../dialect-chat/index.ts";

export type TextItem = wire.OutputMessage | wire.ReasoningItem;

/** A part of a message, of reasoning or of its summary. */
export type Part =
  | wire.OutputMessageContent
  | NonNullable<wire.ReasoningItem["content"]>[number]
  | wire.ReasoningItem["summary"][number];

const PARTS: ReadonlySet<unknown> = new Set<PartType>([
  "output_text",
  "refusal",
  "reasoning_text",
  "summary_text",
]);

export function isPartType(type: unknown): type is PartType {
  return PARTS.has(type);
}

/** The text of a part; "" if it is not a string. */
export function partWords(part: Part | null | undefined): string {
  const words: unknown = part?.type === "refusal" ? part.refusal : part?.text;
  return typeof words === "string" ? words : "";
}

export function isTextItem(item: wire.OutputItem): item is TextItem {
  return item.type === "message" || item.type === "reasoning";
}

/** The item without its text, which is sent as separate chunks. */
export function withoutWords(item: TextItem): TextItem {
  if (item.type === "message") return { ...item, content: [] };
  const { content, ...rest } = item;
  return { ...rest, summary: [], ...(content ? { content: [] } : {}) };
}

/** The log probabilities of a text chunk, if there are any. In deltas they may lack `bytes`. */
function logProbsOf(logprobs: unknown): { logprobs?: wire.LogProb[] } {
  return Array.isArray(logprobs) && logprobs.length > 0 ? { logprobs: toLogProbs(logprobs) } : {};
}

/** The chunk for text of a part. */
export function wordsChunk(part: PartType, text: string, logprobs?: unknown): ModelChunk {
  if (part === "output_text") return { type: "text", text, ...logProbsOf(logprobs) };
  return part === "refusal" ? { type: "refusal", text } : { type: "reasoning", text };
}

/** The rest of a whole text after the part already passed on; nothing if the two differ. */
export function rest(all: unknown, sent: string): string {
  return typeof all === "string" && all.startsWith(sent) ? all.slice(sent.length) : "";
}
