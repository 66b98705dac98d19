import { isDeepStrictEqual } from "node:util";
import type { JsonBudget, ToolOutput, ToolResult, wire } from "../../core/index.ts";
import type { Redact } from "./redact.ts";
import type { CallResult, ContentPart } from "./session.ts";

type OutputPart = Exclude<ToolOutput, string>[number];

/** What the item of a call shows if it differs from the model's text. */
export interface ShownResult {
  output?: string;
  error?: wire.MCPToolCall["error"];
}

/**
 * A server's result as the model reads it; `details` are a `ShownResult`. Secrets are removed from a failing tool's
 * output: SDKs report errors this way, and these may quote the server's credentials.
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

/** Most characters of a failing tool's output, since it is searched for secrets. */
const MOST_SAID = 1_000_000;

/** @throws RangeError for content that is nested too deep */
function bounded(content: readonly ContentPart[]): readonly ContentPart[] {
  if (JSON.stringify(content).length <= MOST_SAID) return content;
  return [{ type: "text", text: `The tool failed, and said more than ${MOST_SAID} characters.` }];
}

/** Removes secrets from all strings of a JSON value. */
function redacted<T>(value: T, redact: Redact): T {
  const clean = (part: unknown): unknown => {
    if (typeof part === "string") return redact(part);
    if (Array.isArray(part)) return part.map(clean);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, clean(inner)]));
  };
  return clean(value) as T;
}

/** Content as a string if all of it is text, else as parts in the nearest form that a model can read. */
export function toOutput(content: readonly ContentPart[]): ToolOutput {
  const parts = content.map(toPart);
  if (parts.every((part) => part.type === "input_text")) return parts.map((part) => part.text).join("\n");
  return parts;
}

/** Reads an item's `output`, in which the content of a result that is not only text is stored as JSON. */
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

/** Adds structured content, unless a text has the same, as the protocol recommends. */
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
