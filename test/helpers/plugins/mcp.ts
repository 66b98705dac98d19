import {
  InvalidRequestError,
  type ListedItem,
  type Plugin,
  type Tool,
  type ToolEntry,
  type ToolResult,
  type ToolTurn,
  type wire,
} from "vr-gateway";

type Entry = Extract<ToolEntry, { type: "mcp" }>;

/** A server's tools by name, as functions. */
export type ServerTools = Record<
  string,
  (args: Record<string, unknown>, turn: ToolTurn) => ToolResult | Promise<ToolResult>
>;

/**
 * Entries of type `mcp`, each listed as `mcp_list_tools`; calls show as `mcp_call`s. The model calls a tool by
 * its label too, since two servers may have tools of one name.
 */
export function mcp(servers: Record<string, ServerTools>): Plugin {
  return {
    name: "mcp",
    setup: (vr) =>
      vr.tools.kind({
        type: "mcp",
        resolve: (entry) => {
          const { server_label, authorization } = entry as Entry;
          const server = servers[server_label];
          if (!server) return undefined;
          if (authorization === "expired")
            throw new InvalidRequestError("the token has expired", { param: "authorization" });
          return { tools: toTools(entry as Entry, server), items: [listed(server_label, server)] };
        },
        items: ["mcp_call", "mcp_approval_request"],
        replay: (item) => {
          // Tools of other plugins show as calls of this type too.
          if (!("server_label" in item) || !servers[String(item.server_label)]) return undefined;
          if (item.type === "mcp_call") return { ...replayed(item), output: item.output ?? errorOf(item) };
          return item.type === "mcp_approval_request" ? { ...replayed(item), output: "" } : undefined;
        },
      }),
  };
}

const nameOf = (label: string, tool: string) => `${label}__${tool}`;

function toTools({ server_label: label, require_approval }: Entry, server: ServerTools): Tool[] {
  return Object.entries(server).map(([name, execute]) => ({
    name: nameOf(label, name),
    wireName: name,
    label,
    parameters: { type: "object" },
    needsApproval: require_approval === "always",
    execute,
  }));
}

function listed(label: string, server: ServerTools): ListedItem {
  const opened = { type: "mcp_list_tools" as const, server_label: label, tools: [] };
  const tools = Object.keys(server).map((name) => ({ name, input_schema: { type: "object" } }));
  return {
    idPrefix: "mcpl",
    opened,
    item: { ...opened, tools },
    events: [{ type: "response.mcp_list_tools.in_progress" }, { type: "response.mcp_list_tools.completed" }],
  };
}

function replayed(item: wire.MCPToolCall | wire.MCPApprovalRequest) {
  return { id: item.id, name: nameOf(item.server_label, item.name), arguments: item.arguments || "{}" };
}

function errorOf({ error }: wire.MCPToolCall): string {
  return error ? `Error: ${JSON.stringify(error)}` : "no output was given";
}
