import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ListedItem, StoredItem, wire } from "../../core/index.ts";
import type { ToolFilter } from "./filter.ts";
import type { ServerTool } from "./session.ts";

/** The server of a list, and the list's filter. Stored with the item, since any URL may come under any label. */
export interface ListOrigin {
  /** For a server that a request named: `serverOf` its URL. */
  server?: string | undefined;
  allowed?: ToolFilter | undefined;
}

/** The list of a label that a conversation has seen last. */
export interface SeenList extends ListOrigin {
  tools: readonly ServerTool[];
}

/** What a URL is known by where it must not be kept: tokens stand in paths and queries. */
export function serverOf(url: string): string {
  return createHash("sha256").update(new URL(url).href).digest("base64url");
}

/** The item that shows a server's tools. What is absent is left out: clients refuse `null` there. */
export function listedItem(label: string, tools: readonly ServerTool[], origin: ListOrigin): ListedItem {
  const opened = { type: "mcp_list_tools" as const, server_label: label, tools: [] };
  return {
    idPrefix: "mcpl",
    opened,
    item: { ...opened, tools: tools.map(toShown) },
    events: [{ type: "response.mcp_list_tools.in_progress" }, { type: "response.mcp_list_tools.completed" }],
    ...(origin.server === undefined ? {} : { note: { ...origin } }),
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

/** `undefined` if nothing was listed under this label. A list that a client sent itself has no origin. */
export function lastSeen(label: string, history: readonly StoredItem[]): SeenList | undefined {
  const stored = history.findLast(
    ({ item }) => item.type === "mcp_list_tools" && item.server_label === label && !item.error,
  );
  if (!stored) return undefined;
  const tools = (stored.item as wire.MCPListTools).tools.map(
    ({ name, description, input_schema, annotations }) => ({
      name,
      description: description ?? undefined,
      inputSchema: input_schema as ServerTool["inputSchema"],
      annotations: (annotations ?? undefined) as ServerTool["annotations"],
    }),
  );
  return { ...(stored.note as ListOrigin | undefined), tools };
}

/**
 * Whether a list shows all that a request allows: it does if it was narrowed as today, or has every name of today's.
 */
export function covers({ tools, allowed: then }: SeenList, allowed: ToolFilter | undefined): boolean {
  if (then === undefined || isDeepStrictEqual(then, allowed)) return true;
  const names = new Set(tools.map(({ name }) => name));
  return allowed?.tool_names?.every((name) => names.has(name)) === true;
}

/** Whether two lists show the same: then the conversation need not be told again. */
export function sameTools(one: readonly ServerTool[], other: readonly ServerTool[]): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

function plain(tools: readonly ServerTool[]): unknown {
  return JSON.parse(JSON.stringify(tools.map(toShown)));
}
