import { ConfigError, definePlugin, type Settings, type Vr, VrError } from "../../core/index.ts";
import { ConfiguredServer } from "./configured-server.ts";
import { addEndpoints } from "./endpoints.ts";
import { createMcpKind } from "./kind.ts";
import { type Options, options } from "./options.ts";
import { createRedact } from "./redact.ts";
import type { RemoteFetch } from "./remote-policy/index.ts";
import { RemoteServers } from "./remote-servers.ts";
import { type ServerConfig, toServerConfigs } from "./server-config.ts";
import { readServersFile } from "./servers-file.ts";
import type { Address, Session } from "./session.ts";

/** Runs tools of MCP servers inside the response: the operator's, and those that requests name. */
export const mcp = definePlugin({
  name: "mcp",
  options,
  setup: (vr, given) => setUp(vr, given, () => createPolicy(vr.settings, given)),
});

export default mcp;

/** `createFetch` makes the policy for servers that requests name; tests bring their own. */
export function setUp(vr: Vr, given: Options, createFetch: () => Promise<RemoteFetch>): void {
  const { settings, log } = vr;
  const open = async (
    address: Address,
    signal: AbortSignal,
    note: (text: string) => void,
  ): Promise<Session> => {
    const { openSession } = await import("./open-session.ts");
    return openSession(address, { ...given, onNote: note }, signal);
  };
  const configured = new Map<string, ConfiguredServer>();
  for (const config of readServers(settings, given)) {
    const redact = createRedact(config.secrets);
    const note = (text: string) => log.debug({ server: config.label, said: redact(text) }, "an MCP server");
    const connect = (signal: AbortSignal) => open(config.address, signal, note);
    configured.set(config.label, new ConfiguredServer(config, connect, given, log));
  }
  const remote = new RemoteServers({
    ...given.remote,
    enabled: settings.mcpRequestRemoteEnabled ?? given.remote.enabled,
    connectTimeoutMs: given.connectTimeoutMs,
    createFetch,
    open: (address, signal) => open(address, signal, () => {}),
  });
  vr.tools.kind(createMcpKind({ configured, remote }));
  addEndpoints(vr, configured);
  for (const server of configured.values()) addDependency(vr, server);
  // Not before the gateway listens: the SDK takes longer to load than all else.
  vr.onReady(() => {
    setImmediate(() => {
      for (const server of configured.values()) server.start();
    });
  });
  vr.onClose(async () => {
    await Promise.all([remote.close(), ...[...configured.values()].map((server) => server.close())]);
  });
}

/** @throws ConfigError that names file, label and key */
function readServers({ mcpConfigPath }: Settings, { config, servers }: Options): ServerConfig[] {
  const file =
    mcpConfigPath !== undefined
      ? readServersFile(mcpConfigPath, "VR_MCP_CONFIG_PATH", process.env)
      : config !== undefined
        ? readServersFile(config, 'plugin "mcp": config', process.env)
        : [];
  let inline: ServerConfig[];
  try {
    inline = toServerConfigs(servers, { env: process.env, folder: process.cwd() });
  } catch (error) {
    throw new ConfigError(`plugin "mcp": servers.${(error as Error).message}`, { cause: error });
  }
  const twice = inline.find(({ label }) => file.some((other) => other.label === label));
  if (twice) throw new ConfigError(`plugin "mcp": servers.${twice.label}: the file has this label too`);
  return [...file, ...inline];
}

async function createPolicy(settings: Settings, { remote }: Options): Promise<RemoteFetch> {
  const { createRemoteFetch } = await import("./remote-policy/index.ts");
  const { allowHosts, denyHosts } = remote;
  return createRemoteFetch({
    checks: settings.mcpRequestRemoteUrlChecks ?? remote.urlChecks,
    ...(allowHosts && { allowHosts }),
    ...(denyHosts && { denyHosts }),
  });
}

/** For `/ready` and `vr check`. */
function addDependency(vr: Vr, server: ConfiguredServer): void {
  const { label, config } = server;
  vr.dependencies.add({
    name: `mcp:${label}`,
    description: config.shown,
    check: () => {
      const { state } = server;
      if (state.status === "available") return { tools: state.session.tools.length };
      const what = state.status === "connecting" ? "is still connecting" : `is unavailable: ${state.reason}`;
      throw new VrError(503, "server_error", `the server ${what}`);
    },
    examine: async (signal) => ({ tools: (await server.tools(signal)).map(({ name }) => name) }),
  });
}
