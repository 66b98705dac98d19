import type { ChatMessage, ChatPart } from "./chat-types.ts";
import type { ChatQuirks } from "./quirks.ts";

/** System messages where the server's chat template takes them. */
export function mergeSystemMessages(messages: ChatMessage[], quirks: ChatQuirks): ChatMessage[] {
  if (quirks.systemMessages === "keep" || !messages.some((message, i) => i > 0 && isSystem(message)))
    return messages;
  const system = messages.filter(isSystem);
  const others = messages.filter((message) => !isSystem(message));
  return quirks.systemMessages === "first" ? [...system, ...others] : [merge(system), ...others];
}

function isSystem(message: ChatMessage): boolean {
  return message.role === "system" || message.role === "developer";
}

function merge(messages: ChatMessage[]): ChatMessage {
  const role = messages.every((message) => message.role === "developer") ? "developer" : "system";
  const texts: string[] = [];
  for (const { content } of messages) if (typeof content === "string") texts.push(content);
  if (texts.length === messages.length) return { role, content: texts.join("\n\n") };
  return { role, content: messages.flatMap(({ content }) => toParts(content)) };
}

function toParts(content: ChatMessage["content"]): ChatPart[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
}
