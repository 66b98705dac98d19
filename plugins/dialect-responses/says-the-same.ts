import type { wire } from "../../core/index.ts";
import { argumentsOf } from "./from-response.ts";
import { isTextItem, type Part, partWords, type TextItem } from "./text-items.ts";

/** The content of an item received so far. */
interface Received {
  readonly item: wire.OutputItem | undefined;
  readonly text: { readonly words: string };
  readonly args: string;
}

/** Whether the content received so far is the content of this item, or its beginning. */
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
