import type { ConfiguredServer } from "./configured-server.ts";
import type { RemoteServers } from "./remote-servers.ts";

/** The MCP servers that entries of requests may mean. */
export interface Servers {
  /** The operator's, by label. */
  configured: ReadonlyMap<string, ConfiguredServer>;
  /** Those that requests name; loaded when the first does. */
  remote(): Promise<RemoteServers>;
}
