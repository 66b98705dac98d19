import type { Config } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { isHostName } from "./http/hosts.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";
import type { Settings } from "./plugin.ts";

/** The command's flags, as they were written. */
export interface Flags {
  port?: string | undefined;
  host?: string | undefined;
  upstream?: string | undefined;
  config?: string | undefined;
}

/** What a start needs to know, flags over environment over configuration. */
export interface StartSettings extends Settings {
  readonly port: number;
  readonly host: string;
  /** `VR_ALLOWED_HOSTS`: replaces `http.allowedHosts` of the configuration. */
  readonly allowedHosts?: readonly string[] | undefined;
  readonly upstream?: string | undefined;
  /** The name of a kind of model server; unchecked, since plugins know them. */
  readonly upstreamKind?: string | undefined;
  readonly logLevel: LogLevel;
}

const DEFAULT_PORT = 5969;
const DEFAULT_HOST = "127.0.0.1";
const HOST_NAMES = 'host names without ports, separated by commas, such as "vr.example.com, *.vr.internal"';

/** @throws ConfigError that names the flag or variable */
export function resolveSettings(flags: Flags, env: NodeJS.ProcessEnv, config: Config): StartSettings {
  const port = pick(["--port", flags.port], ["VR_PORT", env.VR_PORT], "a port from 0 to 65535", toPort);
  const url = "a URL such as http://127.0.0.1:8000/v1";
  const levels = `one of ${LOG_LEVELS.join(", ")}`;
  return {
    port: port ?? config.port ?? DEFAULT_PORT,
    host: flags.host ?? nonEmpty(env.VR_HOST) ?? config.host ?? DEFAULT_HOST,
    allowedHosts: pick(undefined, ["VR_ALLOWED_HOSTS", env.VR_ALLOWED_HOSTS], HOST_NAMES, toHostNames),
    upstream: pick(["--upstream", flags.upstream], ["VR_UPSTREAM", env.VR_UPSTREAM], url, toUrl),
    upstreamKind: nonEmpty(env.VR_UPSTREAM_KIND),
    // Where it was read from a file it may end with a line break.
    upstreamApiKey: nonEmpty(env.VR_UPSTREAM_API_KEY?.trim()),
    dbPath: nonEmpty(env.VR_DB_PATH),
    redisUrl: toRedisUrl(nonEmpty(env.VR_REDIS_URL)),
    jupyterUrl: pick(
      undefined,
      ["VR_JUPYTER_URL", env.VR_JUPYTER_URL],
      "a URL such as http://127.0.0.1:8888",
      toUrl,
    ),
    jupyterToken: nonEmpty(env.VR_JUPYTER_TOKEN?.trim()),
    mcpConfigPath: nonEmpty(env.VR_MCP_CONFIG_PATH),
    mcpRequestRemoteEnabled: toSwitch("VR_MCP_REQUEST_REMOTE_ENABLED", env),
    mcpRequestRemoteUrlChecks: toSwitch("VR_MCP_REQUEST_REMOTE_URL_CHECKS", env),
    logLevel:
      pick(undefined, ["VR_LOG_LEVEL", env.VR_LOG_LEVEL], levels, toLogLevel) ?? config.logLevel ?? "info",
    logBodies: toSwitch("VR_LOG_BODIES", env) ?? config.logBodies,
  };
}

type Source = readonly [name: string, text: string | undefined];

/** The flag's value, else the variable's. An empty variable is one that is not set. */
function pick<T>(
  flag: Source | undefined,
  variable: Source,
  expected: string,
  convert: (text: string) => T | undefined,
): T | undefined {
  const [name, text] = flag?.[1] === undefined ? [variable[0], nonEmpty(variable[1])] : flag;
  if (text === undefined) return undefined;
  const value = convert(text);
  if (value === undefined) {
    // What comes before an @ in a mistyped URL may be a password, and a query may hold a token.
    const given = /@|token=/i.test(text) ? name : `${name} is "${text}"`;
    throw new ConfigError(`${given}: expected ${expected}`);
  }
  return value;
}

/** Nothing but these words: a guard that somebody meant to turn on must not stay off for a misspelt one. */
function toSwitch(name: string, env: NodeJS.ProcessEnv): boolean | undefined {
  return pick(undefined, [name, env[name]], "true or false", (text) => {
    const word = text.trim().toLowerCase();
    return word === "true" || word === "1" ? true : word === "false" || word === "0" ? false : undefined;
  });
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function toPort(text: string): number | undefined {
  const port = Number(text);
  return /^\d+$/.test(text) && port <= 65_535 ? port : undefined;
}

function toHostNames(text: string): string[] | undefined {
  const names = text.split(",").map((name) => name.trim());
  return names.every(isHostName) ? names : undefined;
}

function toUrl(text: string): string | undefined {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : undefined;
}

/** Does not show what it refuses: it may hold a password. The plugin that connects looks at the rest. */
function toRedisUrl(text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^(rediss?|unix):$/.test(new URL(text).protocol)))
    return text;
  throw new ConfigError(
    "VR_REDIS_URL: expected a URL such as redis://127.0.0.1:6379 or rediss://user:password@host:6380",
  );
}

function toLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}
