import type { TextChunk } from "./protocol/chunk.ts";

/** The kind of a text. `tool_arguments` is JSON text. */
export type TextKind = TextChunk["type"];

/** One text somewhere in an item. */
export interface ItemText {
  kind: TextKind;
  text: string;
}

/** Fields that are not text of the conversation: identifiers, enumerations, binary data, descriptions of tools. */
const NO_WORDS = new Set(
  `id type status role name namespace phase detail model caller call_id item_id response_id file_id filename
   container_id server_label approval_request_id encrypted_content image_url file_data file_url result partial_image_b64
   mime_type language format obfuscation logprobs tools environment`.split(/\s+/),
);

/**
 * Every text in an item, a content part, an annotation or an event, for guardrails that check what is not streamed:
 * messages, reasoning, arguments, tool outputs and errors. Identifiers, images and files are left out.
 */
export function textsOf(value: object): ItemText[] {
  const texts: ItemText[] = [];
  collect(value, "text", texts);
  return texts;
}

function collect(value: unknown, kind: TextKind, texts: ItemText[]): void {
  if (typeof value === "string") {
    if (value !== "" && !value.startsWith("data:")) texts.push({ kind, text: value });
  } else if (Array.isArray(value)) {
    for (const part of value) collect(part, kind, texts);
  } else if (typeof value === "object" && value !== null) {
    const own = kindOf(value, kind);
    for (const [key, part] of Object.entries(value))
      if (!NO_WORDS.has(key)) collect(part, key === "arguments" ? "tool_arguments" : own, texts);
  }
}

function kindOf(value: { type?: unknown }, kind: TextKind): TextKind {
  const { type } = value;
  if (typeof type !== "string") return kind;
  if (type.includes("reasoning")) return "reasoning";
  if (type.includes("refusal")) return "refusal";
  return type.includes("_arguments.") ? "tool_arguments" : kind;
}
