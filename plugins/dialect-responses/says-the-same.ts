import type { wire } from "../../core/index.ts";
import { argumentsOf } from "./from-response.ts";
import { isTextItem, type Part, partWords, type TextItem } from "./text-items.ts";

/** What was received of an item so far. */
interface Received {
  readonly item: wire.OutputItem | undefined;
  readonly text: { readonly words: string };
  readonly args: string;
}

/** Whether what was received of an item is the content of this one, or its beginning. */
export function saysTheSame({ text, item: begun, args }: Received, item: wire.OutputItem): boolean {
  if (isTextItem(item)) return text.words !== "" && wordsOf(item).startsWith(text.words);
  if (item.type !== "function_call") return false;
  return begun?.type === "function_call" && begun.name === item.name && args === argumentsOf(item.arguments);
}

function wordsOf(item: TextItem): string {
  if (typeof item.content === "string") return item.content;
  const summary: readonly Part[] = item.type === "reasoning" ? (item.summary ?? []) : [];
  return [...summary, ...(item.content ?? [])].map(partWords).join("");
}
