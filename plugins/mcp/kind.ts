import type { ToolEntry, ToolKind } from "../../core/index.ts";
import type { McpEntry } from "./entry.ts";
import { replayed } from "./replay.ts";
import type { Servers } from "./servers.ts";

/** Entries of type `mcp`: configured servers by label, the request's own by `server_url`. */
export function createMcpKind(servers: Servers): ToolKind {
  const { configured } = servers;
  return {
    type: "mcp",
    async resolve(entry, context) {
      const { resolveEntry } = await import("./resolve.ts");
      return resolveEntry(entry as McpEntry, context, servers);
    },
    items: ["mcp_call", "mcp_approval_request"],
    replay(item, entries) {
      if (item.type !== "mcp_call" && item.type !== "mcp_approval_request") return undefined;
      const { server_label: label } = item;
      // Tools of other plugins also appear as calls of this type.
      const isOurs = configured.has(label) || labelsOf(entries).has(label);
      return isOurs ? replayed(item, entries) : undefined;
    },
  };
}

const labels = new WeakMap<readonly ToolEntry[], ReadonlySet<string>>();

/** The labels of entries that bring their own server. */
function labelsOf(entries: readonly ToolEntry[]): ReadonlySet<string> {
  let found = labels.get(entries);
  if (!found) {
    found = new Set(
      entries.flatMap((entry) => (entry.type === "mcp" && entry.server_url ? [entry.server_label] : [])),
    );
    labels.set(entries, found);
  }
  return found;
}
