import { createHash } from "node:crypto";
import { functionNamesOf, type ToolEntry } from "../../core/index.ts";

const MOST = 64;
const SEPARATOR = "__";

/**
 * What the model calls a server's tool: label and name, `github_docs__search_docs`. A name that would not fit, hold
 * other characters, be ambiguous or that of one of the request's own functions, gets digits of its own before what
 * fits of the tool's name, which comes last since a model reads it best.
 */
export function modelName(label: string, tool: string, entries: readonly ToolEntry[]): string {
  const plain = `${label}${SEPARATOR}${tool}`;
  const isPlain =
    plain.length <= MOST &&
    /^[a-zA-Z0-9_-]+$/.test(tool) &&
    !isAmbiguous(label, tool) &&
    !functionNamesOf(entries).has(plain);
  if (isPlain) return plain;
  const digits = createHash("sha256").update(`${label}\0${tool}`).digest("hex").slice(0, 10);
  const prefix = `m${digits}${SEPARATOR}`;
  return prefix + tool.replace(/[^a-zA-Z0-9_-]/g, "_").slice(-(MOST - prefix.length));
}

/** Whether another label and tool could give the same name. */
function isAmbiguous(label: string, tool: string): boolean {
  return label.includes(SEPARATOR) || label.endsWith("_") || tool.startsWith("_");
}
