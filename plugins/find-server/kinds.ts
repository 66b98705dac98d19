import { ConfigError, type Plugin } from "../../core/index.ts";
import type { ServerOptions } from "../upstream-http/index.ts";

/** The options that all plugins for upstreams take. */
export interface ServerAt {
  baseUrl: string;
  apiKey?: string;
}

interface Kind {
  /** The usual address of such servers; `undefined` if there is none. */
  usual?: string;
  /** Loads this kind's plugin, and no other. */
  plugin(at: ServerAt): Promise<Plugin>;
}

/** The kinds of model servers, by their names in `VR_UPSTREAM_KIND`. */
const KINDS = {
  vllm: {
    usual: "http://127.0.0.1:8000/v1",
    plugin: async (at) => (await import("../upstream-vllm/index.ts")).vllm(at),
  },
  ollama: {
    usual: "http://127.0.0.1:11434/v1",
    plugin: async (at) => (await import("../upstream-ollama/index.ts")).ollama(at),
  },
  "lm-studio": {
    usual: "http://127.0.0.1:1234/v1",
    // LM Studio takes `tool_choice` only as a word.
    plugin: async (at) => compatible({ ...at, name: "lm-studio", quirks: { forcedFunction: "required" } }),
  },
  "llama-cpp": {
    usual: "http://127.0.0.1:8080/v1",
    plugin: async (at) => (await import("../upstream-llama-cpp/index.ts")).llamaCpp(at),
  },
  openai: {
    usual: "https://api.openai.com/v1",
    plugin: async (at) => (await import("../upstream-openai/index.ts")).openai(at),
  },
  "openai-compatible": { plugin: async (at) => compatible(at) },
  /** Not a server: the model inside the gateway. */
  demo: { plugin: async () => (await import("../demo/index.ts")).demo() },
} satisfies Record<string, Kind>;

export type ServerKind = keyof typeof KINDS;

export const SERVER_KINDS = Object.keys(KINDS) as [ServerKind, ...ServerKind[]];

export function pluginOf(kind: ServerKind, at: ServerAt): Promise<Plugin> {
  return KINDS[kind].plugin(at);
}

/**
 * The usual address of a kind. For `openai`, `OPENAI_BASE_URL` changes it, as in OpenAI's own libraries.
 * @throws ConfigError if `OPENAI_BASE_URL` is not a URL
 */
export function usualAddress(kind: ServerKind, env: NodeJS.ProcessEnv): string | undefined {
  const said = kind === "openai" ? env.OPENAI_BASE_URL : undefined;
  if (said && !/^https?:/.test(URL.parse(said)?.protocol ?? ""))
    throw new ConfigError(
      // The text before an @ may be a password.
      `OPENAI_BASE_URL${said.includes("@") ? "" : ` is "${said}"`}: expected a URL such as https://api.openai.com/v1`,
    );
  const { usual }: Kind = KINDS[kind];
  return said || usual;
}

async function compatible(options: ServerOptions): Promise<Plugin> {
  const { openaiCompatible } = await import("../upstream-openai-compatible/index.ts");
  return openaiCompatible(options);
}
