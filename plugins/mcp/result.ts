import { isDeepStrictEqual } from "node:util";
import type { JsonBudget, ToolOutput, ToolResult, wire } from "../../core/index.ts";
import type { Redact } from "./redact.ts";
import type { CallResult, ContentPart } from "./session.ts";

type OutputPart = Exclude<ToolOutput, string>[number];

/** What the item of a call shows where it is not the model's text. */
export interface ShownResult {
  output?: string;
  error?: wire.MCPToolCall["error"];
}

/**
 * A server's result as the model reads it; `details` are a `ShownResult`. What a failing tool says is redacted: SDKs tell
 * so what was thrown, which may quote the credentials that the server was given.
 */
export function toToolResult(result: CallResult, redact: Redact): ToolResult {
  if (result.isError) {
    const content = redacted(bounded(withStructured(result)), redact);
    const message = content.map(toText).join("\n") || "The tool failed and did not say why.";
    const error: ShownResult["error"] = { type: "mcp_tool_execution_error", content };
    return { kind: "error", message, details: { error } satisfies ShownResult };
  }
  const content = withStructured(result);
  const output = toOutput(content);
  if (typeof output === "string") return { kind: "output", output };
  return { kind: "output", output, details: { output: JSON.stringify(content) } satisfies ShownResult };
}

/** Characters of what a failing tool says: it is looked through for secrets. */
const MOST_SAID = 1_000_000;

/** @throws RangeError for what is too deep to be told */
function bounded(content: readonly ContentPart[]): readonly ContentPart[] {
  if (JSON.stringify(content).length <= MOST_SAID) return content;
  return [{ type: "text", text: `The tool failed, and said more than ${MOST_SAID} characters.` }];
}

/** All strings of a value from JSON. */
function redacted<T>(value: T, redact: Redact): T {
  const clean = (part: unknown): unknown => {
    if (typeof part === "string") return redact(part);
    if (Array.isArray(part)) return part.map(clean);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, clean(inner)]));
  };
  return clean(value) as T;
}

/** Content as a string, if all of it is text; else its parts, each as near to what it is as a model can read. */
export function toOutput(content: readonly ContentPart[]): ToolOutput {
  const parts = content.map(toPart);
  if (parts.every((part) => part.type === "input_text")) return parts.map((part) => part.text).join("\n");
  return parts;
}

/** What an item's `output` stands for: the content of a result that was not all text is kept in it as JSON. */
export function fromStored(output: string, budget: JsonBudget): ToolOutput {
  if (!output.startsWith('[{"type":"') || !budget.takes(output)) return output;
  try {
    const content = JSON.parse(output) as unknown;
    return isContent(content) ? toOutput(content) : output;
  } catch {
    return output;
  }
}

function isContent(value: unknown): value is ContentPart[] {
  return (
    Array.isArray(value) &&
    value.every((part) => typeof part?.type === "string") &&
    toOutput(value) !== undefined &&
    typeof toOutput(value) !== "string"
  );
}

/** Structured content is told too, unless a text says the same, as the protocol recommends. */
function withStructured({ content, structuredContent }: CallResult): readonly ContentPart[] {
  if (structuredContent === undefined || structuredContent === null) return content;
  if (content.some((part) => part.type === "text" && says(String(part.text), structuredContent)))
    return content;
  return [...content, { type: "text", text: JSON.stringify(structuredContent) }];
}

function says(text: string, value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), value);
  } catch {
    return false;
  }
}

function toPart(part: ContentPart): OutputPart {
  const resource = part.type === "resource" ? (part.resource as ContentPart | undefined) : undefined;
  const { mimeType, data } = resource ? { mimeType: resource.mimeType, data: resource.blob } : part;
  if (typeof data === "string" && typeof mimeType === "string") {
    const url = `data:${mimeType};base64,${data}`;
    if (/^image\/(png|jpeg|gif|webp)$/.test(mimeType))
      return { type: "input_image", image_url: url, detail: "auto" };
    if (mimeType === "application/pdf")
      return { type: "input_file", filename: nameOf(resource) ?? "file.pdf", file_data: url };
  }
  return { type: "input_text", text: toText(part) };
}

function toText(part: ContentPart): string {
  switch (part.type) {
    case "text":
      return String(part.text ?? "");
    case "image":
    case "audio":
      return `[${part.type}, ${part.mimeType ?? "of unknown type"}, ${sizeOf(part.data)}: it cannot be shown here]`;
    case "resource": {
      const { uri, text, mimeType, blob } = (part.resource ?? {}) as Record<string, unknown>;
      if (typeof text === "string") return text;
      return `[resource ${uri}, ${mimeType ?? "of unknown type"}, ${sizeOf(blob)}: it cannot be shown here]`;
    }
    case "resource_link": {
      const about = [part.title ?? part.name, part.description].filter(Boolean).join(": ");
      return about ? `${about} (${part.uri})` : String(part.uri);
    }
    default:
      return JSON.stringify(part);
  }
}

function nameOf(resource: Record<string, unknown> | undefined): string | undefined {
  const uri = String(resource?.uri ?? "");
  return uri.slice(uri.lastIndexOf("/") + 1) || undefined;
}

function sizeOf(base64: unknown): string {
  return typeof base64 === "string" ? `${Math.floor((base64.length * 3) / 4)} bytes` : "without data";
}
