import type { z } from "zod";
import type { Config } from "./config.ts";
import { GATEWAY_VARIABLES } from "./config-variables.ts";
import type { LogLevel } from "./log.ts";
import { type GatewaySettings, nonEmpty, readSetting, type Setting } from "./setting.ts";

/** The command's flags, as they were written. */
export interface Flags {
  port?: string | undefined;
  host?: string | undefined;
  upstream?: string | undefined;
  config?: string | undefined;
}

/** What a start needs to know. Flags override environment variables, which override the configuration. */
export interface StartSettings extends GatewaySettings {
  readonly port: number;
  readonly host: string;
  /** `VR_ALLOWED_HOSTS`: replaces `http.allowedHosts` of the configuration. */
  readonly allowedHosts?: readonly string[] | undefined;
  readonly upstream?: string | undefined;
  readonly logLevel: LogLevel;
}

const DEFAULT_PORT = 5969;
const DEFAULT_HOST = "127.0.0.1";

/** The gateway's own settings; plugins declare theirs. @throws ConfigError that names the flag or variable */
export function resolveSettings(flags: Flags, env: NodeJS.ProcessEnv, config: Config): StartSettings {
  const own = GATEWAY_VARIABLES;
  const read = <Schema extends z.ZodType>(variable: string, setting: Setting<Schema>, flag?: keyof Flags) =>
    flag !== undefined && flags[flag] !== undefined
      ? readSetting(`--${flag}`, setting, flags[flag])
      : readSetting(variable, setting, nonEmpty(env[variable]));
  return {
    port: read("VR_PORT", own.VR_PORT, "port") ?? config.port ?? DEFAULT_PORT,
    host: read("VR_HOST", own.VR_HOST, "host") ?? config.host ?? DEFAULT_HOST,
    allowedHosts: read("VR_ALLOWED_HOSTS", own.VR_ALLOWED_HOSTS),
    upstream: read("VR_UPSTREAM", own.VR_UPSTREAM, "upstream"),
    logLevel: read("VR_LOG_LEVEL", own.VR_LOG_LEVEL) ?? config.logLevel ?? "info",
    logBodies: read("VR_LOG_BODIES", own.VR_LOG_BODIES) ?? config.logBodies,
  };
}
