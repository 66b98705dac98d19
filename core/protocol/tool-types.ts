import type { Tool } from "./wire.ts";

/**
 * Who runs a tool: the caller through `function`, a server ("hosted"), or the caller through a type of its
 * own ("client"). "unknown": no type of the API; a plugin may still have registered it.
 */
export type ToolTypeClass = "function" | "hosted" | "client" | "unknown";

/** Every tool type of the API: a new one fails the build until it has its class. */
const CLASSES: Record<Tool["type"], Exclude<ToolTypeClass, "unknown">> = {
  function: "function",
  code_interpreter: "hosted",
  file_search: "hosted",
  image_generation: "hosted",
  mcp: "hosted",
  web_search: "hosted",
  web_search_2025_08_26: "hosted",
  web_search_preview: "hosted",
  web_search_preview_2025_03_11: "hosted",
  apply_patch: "client",
  computer: "client",
  computer_use_preview: "client",
  custom: "client",
  local_shell: "client",
  namespace: "client",
  programmatic_tool_calling: "client",
  shell: "client",
  tool_search: "client",
};

const BY_TYPE = new Map<string, ToolTypeClass>(Object.entries(CLASSES));

export function toolTypeClass(type: string): ToolTypeClass {
  return BY_TYPE.get(type) ?? "unknown";
}

/** A type without its date and `_preview`: one tool under several names. */
export function toolFamily(type: string): string {
  return type.replace(/(_preview)?(_\d{4}_\d{2}_\d{2})?$/, "");
}
