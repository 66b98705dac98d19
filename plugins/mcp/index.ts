import { definePlugin } from "../../core/index.ts";
import type { RemoteFetch } from "../remote-policy/index.ts";
import type { Open } from "./configured-servers.ts";
import { addEndpoints } from "./endpoints.ts";
import { createMcpKind } from "./kind.ts";
import { type McpSettings, type Options, options, settings } from "./options.ts";
import type { RemoteServers } from "./remote-servers.ts";
import type { Servers } from "./servers.ts";

/** Runs tools of MCP servers inside the response: of configured servers, and of those that requests name. */
export const mcp = definePlugin({
  name: "mcp",
  once: true,
  settings,
  options,
  async setup(vr, given) {
    // Reports a wrong host when the gateway starts.
    const { allowHosts, denyHosts } = given.remote;
    const policy = allowHosts || denyHosts ? await createPolicy(vr.settings, given) : undefined;
    // Loaded on demand, since the shipped configuration names no server.
    const open: Open = async (address, signal, note) => {
      const { openSession } = await import("./open-session.ts");
      return openSession(address, { ...given, onNote: note }, signal);
    };
    let configured: Servers["configured"] = new Map();
    if (namesServers(vr.settings, given)) {
      const { createConfiguredServers } = await import("./configured-servers.ts");
      configured = createConfiguredServers(vr, given, open);
    }
    let remote: Promise<RemoteServers> | undefined;
    const loadRemote = async () => {
      const { RemoteServers } = await import("./remote-servers.ts");
      return new RemoteServers({
        ...given.remote,
        enabled: vr.settings.VR_MCP_REQUEST_REMOTE_ENABLED ?? given.remote.enabled,
        connectTimeoutMs: given.connectTimeoutMs,
        policy: policy ?? (await createPolicy(vr.settings, given)),
        open: (address, signal) => open(address, signal, () => {}),
      });
    };
    vr.onClose(async () => (await remote)?.close());
    vr.tools.kind(
      createMcpKind({
        configured,
        remote: () => {
          remote ??= loadRemote();
          return remote;
        },
      }),
    );
    addEndpoints(vr, configured);
  },
});

export default mcp;

function namesServers({ VR_MCP_CONFIG_PATH: path }: McpSettings, { config, servers }: Options): boolean {
  return path !== undefined || config !== undefined || Object.keys(servers).length > 0;
}

async function createPolicy(
  { VR_MCP_REQUEST_REMOTE_URL_CHECKS: checks }: McpSettings,
  { remote }: Options,
): Promise<RemoteFetch> {
  const { createRemoteFetch } = await import("../remote-policy/index.ts");
  return createRemoteFetch({ ...remote, checks: checks ?? remote.urlChecks });
}
