import { ConfigError, type Vr, VrError } from "../../core/index.ts";
import { ConfiguredServer } from "./configured-server.ts";
import { limitRate } from "./limit-rate.ts";
import type { McpSettings, Options, settings } from "./options.ts";
import { shortened } from "./reason-of.ts";
import { createRedact } from "./redact.ts";
import { type ServerConfig, toServerConfigs } from "./server-config.ts";
import { readServersFile } from "./servers-file.ts";
import type { Address, Session } from "./session.ts";

/** Programs that start at the same time. */
const STARTS_AT_ONCE = 4;

/** Connects to a server. `note` is called for what happens besides calls. */
export type Open = (address: Address, signal: AbortSignal, note: (text: string) => void) => Promise<Session>;

/**
 * The configured servers by label. They are connected once the gateway is set up, and closed with it.
 * @throws ConfigError that names file, label and key
 */
export function createConfiguredServers(
  vr: Vr<typeof settings>,
  given: Options,
  open: Open,
): Map<string, ConfiguredServer> {
  const { log } = vr;
  const servers = new Map<string, ConfiguredServer>();
  for (const config of readServers(vr.settings, given)) {
    const redact = createRedact(config.secrets);
    const note = limitRate((text) =>
      log.debug({ server: config.label, said: shortened(redact(text)) }, "an MCP server said something"),
    );
    const connect = (signal: AbortSignal) => open(config.address, signal, note);
    const server = new ConfiguredServer(config, connect, given, log);
    servers.set(config.label, server);
    addDependency(vr, server);
  }
  // Waits until the gateway is set up, since the SDK takes long to load.
  vr.onReady(() => {
    setImmediate(() => {
      startAll([...servers.values()]);
    });
  });
  vr.onClose(async () => {
    await Promise.all([...servers.values()].map((server) => server.close()));
  });
  return servers;
}

/** Starts all servers, a few at a time: each start takes a core for a while, which would delay the first requests. */
function startAll(servers: readonly ConfiguredServer[]): void {
  const programs = servers.filter(({ config }) => config.address.kind === "stdio").values();
  const startNext = async () => {
    for (const server of programs) await server.start();
  };
  for (let i = 0; i < STARTS_AT_ONCE; i++) void startNext();
  for (const server of servers) if (server.config.address.kind === "http") void server.start();
}

/** @throws ConfigError that names file, label and key */
function readServers(
  { VR_MCP_CONFIG_PATH: path }: McpSettings,
  { config, servers }: Options,
): ServerConfig[] {
  const file =
    path !== undefined
      ? readServersFile(path, "VR_MCP_CONFIG_PATH", process.env)
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

/** Shows the server in `/ready` and `vr check`. */
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
