import type { FunctionCallOutputItemParam } from "./wire.ts";

const PARTS = new Set<unknown>(["input_text", "input_image", "input_file"]);

/** What a model can be given as a tool's output: text, or content parts. Tools and taps are not all typed. */
export function isToolOutput(value: unknown): value is FunctionCallOutputItemParam["output"] {
  return typeof value === "string" || (Array.isArray(value) && value.every(isPart));
}

function isPart(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { type, text } = value as { type?: unknown; text?: unknown };
  return PARTS.has(type) && (type !== "input_text" || typeof text === "string");
}
