import { isFunctionCall, isFunctionCallOutput, isMessage, type ModelRequest } from "../../core/index.ts";

/** What the demo model understands of a request. */
export interface Conversation {
  /** The text of the last user message. Empty when there is none. */
  prompt: string;
  /** The texts of the user's earlier messages, oldest first. */
  earlier: readonly string[];
  /** What tools said since the last user message, in order. */
  results: readonly ToolText[];
}

export interface ToolText {
  /** `undefined` when the call is not in the conversation. */
  name: string | undefined;
  text: string;
}

export function readConversation({ items }: ModelRequest): Conversation {
  const said: string[] = [];
  const names = new Map<string, string>();
  let results: ToolText[] = [];
  for (const { item } of items) {
    if (isFunctionCall(item)) names.set(item.call_id, item.name);
    else if (isFunctionCallOutput(item))
      results.push({ name: names.get(item.call_id ?? ""), text: textOf(item.output).trim() });
    else if (isMessage(item) && item.role === "user") {
      said.push(textOf(item.content).trim());
      results = [];
    }
  }
  return { prompt: said.at(-1) ?? "", earlier: said.slice(0, -1), results };
}

/** The number of words in everything that the model reads. They count as tokens. */
export function countInput(request: ModelRequest): number {
  let words = countWords(request.instructions ?? "");
  for (const tool of request.tools) words += countWords(`${tool.name} ${tool.description ?? ""}`);
  for (const { item } of request.items) {
    if (isFunctionCall(item)) words += countWords(`${item.name} ${item.arguments}`);
    else if (isFunctionCallOutput(item)) words += countWords(textOf(item.output));
    else if (isMessage(item)) words += countWords(textOf(item.content));
    else if (item.type === "reasoning") words += countWords(textOf(item.content));
  }
  return words;
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

type Content = string | readonly object[] | undefined;

/** The text parts of a content; images and files are named in brackets, since the demo model cannot read them. */
function textOf(content: Content): string {
  if (content === undefined || typeof content === "string") return content ?? "";
  return content.map(partText).join("\n");
}

function partText(part: { type?: string; text?: string; refusal?: string }): string {
  return part.text ?? part.refusal ?? `[${part.type?.replace("input_", "") ?? "content"}]`;
}
