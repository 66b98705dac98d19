import {
  InvalidRequestError,
  type ResolvedEntry,
  type ResponseContext,
  type ToolEntry,
} from "../../core/index.ts";
import { type McpEntry, readEntry, type WantedServer } from "./entry.ts";
import { matches, needsApproval } from "./filter.ts";
import {
  covers,
  failedItem,
  type ListOrigin,
  lastSeen,
  listedItem,
  type SeenList,
  sameTools,
  serverOf,
} from "./listing.ts";
import { modelName } from "./model-name.ts";
import type { ServerConfig } from "./server-config.ts";
import type { Servers } from "./servers.ts";
import { type ServerTool, Unavailable } from "./session.ts";
import { type ToolServer, toTool } from "./tool.ts";

/** An entry's tools and the item that lists them. `undefined`: there is no server with its label. */
export async function resolveEntry(
  entry: McpEntry,
  context: ResponseContext,
  { configured, remote }: Servers,
): Promise<ResolvedEntry | undefined> {
  const wanted = readEntry(entry);
  const own = configured.get(wanted.label);
  const server = wanted.url === undefined ? own : (await remote()).server(wanted, wanted.url);
  if (!server) return undefined;
  refuseTwice(entry, wanted.label, context.request.tools);
  return resolveServer(server, wanted, own?.config, context);
}

async function resolveServer(
  server: ToolServer,
  wanted: WantedServer,
  config: ServerConfig | undefined,
  context: ResponseContext,
): Promise<ResolvedEntry> {
  const { label, allowed } = wanted;
  const origin = { server: wanted.url === undefined ? undefined : serverOf(wanted.url), allowed };
  const seen = lastSeen(label, context.history);
  let tools: readonly ServerTool[];
  try {
    tools = await server.tools(context.signal, known(seen, origin));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    if (isForced(label, context) || isApproved(label, context))
      throw new Unavailable(error.message, { param: "server_label", cause: error });
    context.warn(error.message);
    return { tools: [], items: [failedItem(label, error.message)] };
  }
  const offered = allowed ? tools.filter((tool) => matches(allowed, tool)) : tools;
  const names = new Set(tools.map(({ name }) => name));
  const missing = allowed?.tool_names?.filter((name) => !names.has(name)) ?? [];
  if (missing.length > 0)
    context.warn(`the MCP server "${label}" has no tool ${missing.map((name) => `"${name}"`).join(", ")}`);
  const byDefault = wanted.url === undefined ? (config?.approval ?? "never") : "always";
  const entries = context.request.tools;
  return {
    tools: offered.map((tool) =>
      toTool(server, tool, {
        name: modelName(label, tool.name, entries),
        needsApproval: needsApproval(tool, wanted.approval, byDefault),
        description: wanted.description ?? (wanted.url === undefined ? config?.description : undefined),
      }),
    ),
    items: isShown(seen, origin, offered) ? [] : [listedItem(label, offered, origin)],
  };
}

/** The tools that the conversation already has from this server, if these are all that are allowed now. */
function known(
  seen: SeenList | undefined,
  { server, allowed }: ListOrigin,
): readonly ServerTool[] | undefined {
  return server !== undefined && seen?.server === server && covers(seen, allowed) ? seen.tools : undefined;
}

/** Whether the client already has this list. A list that the client sent has no known origin, so tools are compared. */
function isShown(seen: SeenList | undefined, { server }: ListOrigin, tools: readonly ServerTool[]): boolean {
  if (!seen || (seen.server !== undefined && seen.server !== server)) return false;
  return sameTools(seen.tools, tools);
}

function refuseTwice(entry: ToolEntry, label: string, entries: readonly ToolEntry[]): void {
  const same = entries.filter((other) => other.type === "mcp" && other.server_label === label);
  if (same.length > 1 && same[0] !== entry)
    throw new InvalidRequestError(`another entry has the server_label "${label}"`, { param: "server_label" });
}

/** Whether the response depends on this server. */
function isForced(label: string, { request: { tool_choice, tools } }: ResponseContext): boolean {
  if (tool_choice === "required") return tools.length === 1;
  if (typeof tool_choice === "string") return false;
  if (tool_choice.type === "mcp") return "server_label" in tool_choice && tool_choice.server_label === label;
  if (tool_choice.type !== "allowed_tools" || tool_choice.mode !== "required") return false;
  return tool_choice.tools.every(({ type, server_label }) => type === "mcp" && server_label === label);
}

/** Whether the input approves a call to this server that has not run. */
function isApproved(label: string, { request: { input }, history }: ResponseContext): boolean {
  const approved = new Set<unknown>();
  for (const item of input)
    if (item.type === "mcp_approval_response" && item.approve) approved.add(item.approval_request_id);
  for (const { item } of history) if (item.type === "mcp_call") approved.delete(item.approval_request_id);
  return history.some(
    ({ item }) =>
      item.type === "mcp_approval_request" && item.server_label === label && approved.has(item.id),
  );
}
