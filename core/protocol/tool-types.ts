import { entryOfTool } from "./catalogue.ts";

/**
 * Who runs a tool: the caller through `function`, a server ("hosted"), or the caller through a type of its
 * own ("client"). "unknown": no type of the API; a plugin may still have registered it.
 */
export type ToolTypeClass = "function" | "hosted" | "client" | "unknown";

export function toolTypeClass(type: string): ToolTypeClass {
  if (type === "function") return "function";
  const entry = entryOfTool(type);
  if (!entry) return "unknown";
  return entry.runs === "client" ? "client" : "hosted";
}

/** A type without its date and `_preview`: one tool under several names. */
export function toolFamily(type: string): string {
  return type.replace(/(_preview)?(_\d{4}_\d{2}_\d{2})?$/, "");
}
