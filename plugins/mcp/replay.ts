import type { Item, ReplayedCall, ToolEntry, wire } from "../../core/index.ts";
import { modelName } from "./model-name.ts";
import { fromStored } from "./result.ts";

/** An earlier call, or the question for one, as the model of a request with these entries reads it. */
export function replayed(
  item: Extract<Item, { type: "mcp_call" | "mcp_approval_request" }>,
  entries: readonly ToolEntry[],
): ReplayedCall {
  const { id, server_label, name } = item;
  const call = { id, name: modelName(server_label, name, entries), arguments: item.arguments || "{}" };
  if (item.type === "mcp_approval_request") return { ...call, output: "" };
  if (item.error) return { ...call, output: `Error: ${errorText(item.error)}` };
  return { ...call, output: item.output == null ? "no output was given" : fromStored(item.output) };
}

/** Clients of earlier versions of the API have it as a text. */
function errorText(error: NonNullable<wire.MCPToolCall["error"]> | string): string {
  if (typeof error === "string") return error;
  if (error.type !== "mcp_tool_execution_error") return error.message;
  const content = Array.isArray(error.content) ? error.content : [error.content];
  return content
    .map((part) => (typeof part?.text === "string" ? part.text : JSON.stringify(part)))
    .join("\n");
}
