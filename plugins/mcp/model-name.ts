import { createHash } from "node:crypto";
import { functionNamesOf, type ToolEntry } from "../../core/index.ts";

const MOST = 64;
const SEPARATOR = "__";

/**
 * The model's name for a server's tool: label and name, `github_docs__search_docs`. If that is too long, has other
 * characters, is ambiguous or is the name of one of the request's functions, digits are added before the tool's name,
 * which is cut to fit. The tool's name comes last, since a model reads it best.
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
