import { isDeepStrictEqual } from "node:util";
import type { ListedItem, StoredItem, wire } from "../../core/index.ts";
import type { ServerTool } from "./session.ts";

/** The item that shows a server's tools. What is absent is left out: clients refuse `null` there. */
export function listedItem(label: string, tools: readonly ServerTool[]): ListedItem {
  const opened = { type: "mcp_list_tools" as const, server_label: label, tools: [] };
  return {
    idPrefix: "mcpl",
    opened,
    item: { ...opened, tools: tools.map(toShown) },
    events: [{ type: "response.mcp_list_tools.in_progress" }, { type: "response.mcp_list_tools.completed" }],
  };
}

/** The item of a server that cannot be listed. */
export function failedItem(label: string, reason: string): ListedItem {
  const opened = { type: "mcp_list_tools" as const, server_label: label, tools: [] };
  return {
    idPrefix: "mcpl",
    opened,
    item: { ...opened, error: reason },
    events: [{ type: "response.mcp_list_tools.in_progress" }, { type: "response.mcp_list_tools.failed" }],
  };
}

/** A tool as the API lists it. */
export function toShown({ name, description, inputSchema, annotations }: ServerTool): wire.MCPListToolsTool {
  return {
    name,
    input_schema: inputSchema,
    ...(description === undefined ? {} : { description }),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
  };
}

/** The tools that the conversation has seen of this server last; `undefined` if none were listed. */
export function toolsInHistory(
  label: string,
  history: readonly StoredItem[],
): readonly ServerTool[] | undefined {
  const item = history.findLast(
    ({ item }) => item.type === "mcp_list_tools" && item.server_label === label && !item.error,
  )?.item as wire.MCPListTools | undefined;
  return item?.tools.map(({ name, description, input_schema, annotations }) => ({
    name,
    description: description ?? undefined,
    inputSchema: input_schema,
    annotations: annotations ?? undefined,
  }));
}

/** Whether two lists show the same: then the conversation need not be told again. */
export function sameTools(one: readonly ServerTool[], other: readonly ServerTool[]): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

function plain(tools: readonly ServerTool[]): unknown {
  return JSON.parse(JSON.stringify(tools.map(toShown)));
}
