import type { ConfiguredServer } from "./configured-server.ts";
import type { RemoteServers } from "./remote-servers.ts";

/** The MCP servers that entries of requests may refer to. */
export interface Servers {
  /** The configured servers, by label. */
  configured: ReadonlyMap<string, ConfiguredServer>;
  /** The servers that requests name. Loaded at the first such request. */
  remote(): Promise<RemoteServers>;
}
