import {
  InvalidRequestError,
  type Item,
  type ReplayedCall,
  type ResolvedEntry,
  type ResponseContext,
  type ToolEntry,
  type ToolKind,
  VrError,
  type wire,
} from "../../core/index.ts";
import type { ConfiguredServer } from "./configured-server.ts";
import { type McpEntry, readEntry, type WantedServer } from "./entry.ts";
import { matches, needsApproval } from "./filter.ts";
import { failedItem, listedItem, sameTools, toolsInHistory } from "./listing.ts";
import { modelName } from "./model-name.ts";
import type { RemoteServers } from "./remote-servers.ts";
import { fromStored } from "./result.ts";
import { type ServerTool, Unavailable } from "./session.ts";
import { type ToolServer, toTool } from "./tool.ts";

export interface Servers {
  configured: ReadonlyMap<string, ConfiguredServer>;
  remote: RemoteServers;
}

/** Entries of type `mcp`: the operator's servers by label, the request's own by `server_url`. */
export function createMcpKind({ configured, remote }: Servers): ToolKind {
  return {
    type: "mcp",
    async resolve(entry, context) {
      const wanted = readEntry(entry as McpEntry);
      const known = toolsInHistory(wanted.label, context.history);
      const own = configured.get(wanted.label);
      const server = wanted.url === undefined ? own : await remote.server(wanted, wanted.url, known);
      if (!server) return undefined;
      refuseTwice(entry, wanted.label, context.request.tools);
      return resolveServer(server, wanted, known, own?.config, context);
    },
    items: ["mcp_call", "mcp_approval_request"],
    replay(item, entries) {
      if (item.type !== "mcp_call" && item.type !== "mcp_approval_request") return undefined;
      const isOurs =
        configured.has(item.server_label) || entries.some((entry) => names(entry, item.server_label));
      return isOurs ? replayed(item, entries) : undefined;
    },
  };
}

/** Whether the entry names a server of its own under this label. */
function names(entry: ToolEntry, label: string): boolean {
  return entry.type === "mcp" && entry.server_label === label && entry.server_url != null;
}

async function resolveServer(
  server: ToolServer,
  wanted: WantedServer,
  known: readonly ServerTool[] | undefined,
  config: ConfiguredServer["config"] | undefined,
  context: ResponseContext,
): Promise<ResolvedEntry> {
  const { label, allowed } = wanted;
  let tools: readonly ServerTool[];
  try {
    tools = await server.tools(context.signal);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    if (isForced(label, context)) throw unlisted(error);
    context.warn(error.message);
    return { tools: [], items: [failedItem(label, error.message)] };
  }
  const offered = allowed ? tools.filter((tool) => matches(allowed, tool)) : tools;
  const missing = allowed?.tool_names?.filter((name) => !tools.some((tool) => tool.name === name)) ?? [];
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
    items: known && sameTools(known, offered) ? [] : [listedItem(label, offered)],
  };
}

function refuseTwice(entry: ToolEntry, label: string, entries: readonly ToolEntry[]): void {
  const same = entries.filter((other) => other.type === "mcp" && other.server_label === label);
  if (same.length > 1 && same[0] !== entry)
    throw new InvalidRequestError(`another entry has the server_label "${label}"`, { param: "server_label" });
}

/** Whether the response makes no sense without this server. */
function isForced(label: string, { request: { tool_choice, tools } }: ResponseContext): boolean {
  if (tool_choice === "required") return tools.length === 1;
  if (typeof tool_choice === "string") return false;
  if (tool_choice.type === "mcp") return tool_choice.server_label === label;
  if (tool_choice.type !== "allowed_tools" || tool_choice.mode !== "required") return false;
  return tool_choice.tools.every(({ type, server_label }) => type === "mcp" && server_label === label);
}

/** OpenAI API: what a request is answered whose server cannot be used. */
function unlisted(error: Unavailable): VrError {
  return new VrError(424, "external_connector_error", error.message, {
    param: "server_label",
    code: "mcp_server_unavailable",
    cause: error,
  });
}

function replayed(
  item: Extract<Item, { type: "mcp_call" | "mcp_approval_request" }>,
  entries: readonly ToolEntry[],
): ReplayedCall {
  const { id, server_label, name } = item;
  const call = { id, name: modelName(server_label, name, entries), arguments: item.arguments || "{}" };
  if (item.type === "mcp_approval_request") return { ...call, output: "" };
  if (item.error) return { ...call, output: `Error: ${errorText(item.error)}` };
  return { ...call, output: item.output == null ? "no output was given" : fromStored(item.output) };
}

function errorText(error: NonNullable<wire.MCPToolCall["error"]>): string {
  if (error.type !== "mcp_tool_execution_error") return error.message;
  const content = Array.isArray(error.content) ? error.content : [error.content];
  return content
    .map((part) => (typeof part?.text === "string" ? part.text : JSON.stringify(part)))
    .join("\n");
}
