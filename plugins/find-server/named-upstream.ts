import { ConfigError, type Plugin } from "../../core/index.ts";
import { pluginOf, type ServerKind, usualAddress } from "./kinds.ts";

/** What flags and environment say of the upstream. */
export interface NamedUpstream {
  /** `--upstream`, `VR_UPSTREAM` */
  baseUrl?: string | undefined;
  /** `VR_UPSTREAM_KIND` */
  kind?: ServerKind | undefined;
  /** `VR_UPSTREAM_API_KEY` */
  apiKey?: string | undefined;
}

/**
 * The plugin for the upstream that flags or environment name: an address, a kind at its usual address, or both.
 * @throws ConfigError that names the variable
 */
export async function namedUpstream(
  { baseUrl, kind, apiKey }: NamedUpstream,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Plugin> {
  const known = kind ?? kindAt(baseUrl);
  if (known === "demo" && baseUrl !== undefined)
    throw new ConfigError(`VR_UPSTREAM_KIND is "demo", which is no server, but there is one: ${baseUrl}`);
  const address = baseUrl ?? usualAddress(known, env);
  if (address === undefined && known !== "demo")
    throw new ConfigError(`VR_UPSTREAM_KIND is "${known}": VR_UPSTREAM has to say where it is`);
  try {
    return await pluginOf(known, { baseUrl: address ?? "", ...(apiKey ? { apiKey } : {}) });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const variable = baseUrl === undefined ? "OPENAI_BASE_URL" : "VR_UPSTREAM";
    throw new ConfigError(ofVariables(error.message, variable), { cause: error });
  }
}

/** An error of the plugin's options, said of where they came from; `variable` has the address. */
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
