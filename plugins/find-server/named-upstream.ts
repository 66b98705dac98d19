import { ConfigError, type Plugin } from "../../core/index.ts";
import { pluginOf, type ServerKind, usualAddress } from "./kinds.ts";

/** The upstream as flags and environment variables describe it. */
export interface NamedUpstream {
  /** `--upstream`, `VR_UPSTREAM` */
  baseUrl?: string | undefined;
  /** `VR_UPSTREAM_KIND` */
  kind?: ServerKind | undefined;
  /** `VR_UPSTREAM_API_KEY` */
  apiKey?: string | undefined;
}

/**
 * The plugin for the upstream that flags or environment variables name: an address, a kind, or both. A kind without an
 * address is at its usual one.
 * @throws ConfigError that names the variable
 */
export async function namedUpstream(
  { baseUrl, kind, apiKey }: NamedUpstream,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Plugin> {
  const known = kind ?? kindAt(baseUrl);
  if (known === "demo" && baseUrl !== undefined)
    throw new ConfigError(`VR_UPSTREAM_KIND is "demo", which is not a server, but VR_UPSTREAM is ${baseUrl}`);
  const address = baseUrl ?? usualAddress(known, env);
  if (address === undefined && known !== "demo")
    throw new ConfigError(`VR_UPSTREAM_KIND is "${known}": set VR_UPSTREAM to the server's URL`);
  try {
    return await pluginOf(known, { baseUrl: address ?? "", ...(apiKey ? { apiKey } : {}) });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const variable = baseUrl === undefined ? "OPENAI_BASE_URL" : "VR_UPSTREAM";
    throw new ConfigError(ofVariables(error.message, variable), { cause: error });
  }
}

/** Replaces the names of options in a message by the variables that set them. `variable` sets `baseUrl`. */
function ofVariables(message: string, variable: string): string {
  return message
    .replace(/^plugin "[^"]*": (?=baseUrl|apiKey)/, "")
    .replace(/^baseUrl\b/, variable)
    .replaceAll(/\bapiKey\b/g, "VR_UPSTREAM_API_KEY");
}

/** Only OpenAI itself is known by its address. */
function kindAt(baseUrl: string | undefined): ServerKind {
  return URL.parse(baseUrl ?? "")?.hostname === "api.openai.com" ? "openai" : "openai-compatible";
}
