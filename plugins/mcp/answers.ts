import { z } from "zod";
import type { ContentPart, ServerTool } from "./session.ts";

// Looser than the SDK's schema: an odd tool or part is lost alone, not the whole list or result.
export const toolList = z.looseObject({
  tools: z.array(z.unknown()),
  nextCursor: z.unknown().optional(),
});
const tool = z.looseObject({
  name: z.string().min(1).max(512),
  description: z.string().nullish(),
  inputSchema: z.record(z.string(), z.unknown()).nullish(),
  annotations: z.record(z.string(), z.unknown()).nullish(),
});
const part = z.looseObject({ type: z.string() });
const result = z.looseObject({
  content: z
    .array(z.unknown())
    .nullish()
    .transform((parts) => (parts ?? []).map(readPart)),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().nullish(),
});
/** In MCP 2024-10-07 the result of a call was any value in `toolResult`. */
export const callResult = z.preprocess(withoutToolResult, result);

function withoutToolResult(answer: unknown): unknown {
  const { content, toolResult } = (answer ?? {}) as { content?: unknown; toolResult?: unknown };
  if (toolResult === undefined || content !== undefined) return answer;
  if (Array.isArray((toolResult as { content?: unknown } | null)?.content)) return toolResult;
  const text = typeof toolResult === "string" ? toolResult : JSON.stringify(toolResult);
  return { ...(answer as object), content: [{ type: "text", text }] };
}

/** Most levels of nesting in a tool. Clients send lists back, in requests that may have 100 levels. */
const MOST_LEVELS = 64;

/** A tool of a list; `undefined` if it is not a tool, or is nested too deep to show, store and compare. */
export function readTool(entry: unknown): ServerTool | undefined {
  const parsed = tool.safeParse(entry);
  if (!parsed.success || isDeeper(entry, MOST_LEVELS)) return undefined;
  const { name, description, inputSchema, annotations } = parsed.data;
  return {
    name,
    description: description ?? undefined,
    inputSchema: inputSchema ?? { type: "object", properties: {} },
    annotations: annotations ?? undefined,
  };
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** A part of a result. Anything that is not a part becomes text. */
function readPart(entry: unknown): ContentPart {
  const parsed = part.safeParse(entry);
  return parsed.success ? parsed.data : { type: "text", text: JSON.stringify(entry) };
}
