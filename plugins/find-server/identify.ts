import { isObject } from "../../core/index.ts";
import { ask, type Said } from "./ask.ts";
import type { ServerKind } from "./kinds.ts";

/** "locked" is to want a key. */
export type ServerState = "ready" | "loading" | "locked";

/** What was found at one address. */
export type Found =
  /** A server with models, or one that will have them. */
  | { type: "server"; kind: ServerKind; state: ServerState }
  /** A server without a model. */
  | { type: "empty"; kind: ServerKind }
  /** It took the connection, but did not answer in time. */
  | { type: "silent" }
  /** This gateway. */
  | { type: "itself" }
  /** Nobody, or something else. */
  | { type: "none" };

type Answer = Extract<Said, { type: "answer" }>;

/** Who servers say that their models belong to; Ollama names the publisher of each, others nobody in particular. */
const OWNERS = new Map<unknown, ServerKind>([
  ["vllm", "vllm"],
  ["llamacpp", "llama-cpp"],
  ["organization_owner", "lm-studio"],
]);

/**
 * Asks for the models at a base URL, and tells what kind of server answers. Anything may listen at an address
 * that model servers use: what does not answer as one is "none". The key is shown only to a server that wants one.
 */
export async function identify(
  baseUrl: string,
  signal: AbortSignal,
  apiKey: string | undefined,
): Promise<Found> {
  const { origin, pathname } = new URL(baseUrl);
  const path = pathname.replace(/(?<!\/)\/+$/, "");
  const models = `${origin}${/\/v\d/.test(path) ? path : `${path}/v1`}/models`;
  const said = await ask(models, signal);
  if (said.type === "silent") return { type: "silent" };
  if (said.type === "nobody") return { type: "none" };
  const ids = modelsOf(said.json);
  if (said.status === 200 && ids)
    return ids.length === 0
      ? { type: "empty", kind: await kindOf(said, origin, signal) }
      : { type: "server", kind: await kindOf(said, origin, signal), state: "ready" };
  const kind = await kindOf(said, origin, signal);
  // Many a web server wants a password, or is not available. A model server says so in its own words.
  if (kind === "openai-compatible" && !isModelServersError(said.json)) return { type: "none" };
  if (said.status === 503) return { type: "server", kind, state: "loading" };
  if (said.status !== 401 && said.status !== 403) return { type: "none" };
  const again = apiKey ? await ask(models, signal, apiKey) : said;
  if (again.type !== "answer" || again.status !== 200) return { type: "server", kind, state: "locked" };
  if (modelsOf(again.json)?.length === 0) return { type: "empty", kind };
  return { type: "server", kind: await kindOf(again, origin, signal, kind), state: "ready" };
}

/** By its list of models, its headers, or an endpoint that only its kind has; else by what all of them share. */
async function kindOf(
  { status, headers, json }: Answer,
  origin: string,
  signal: AbortSignal,
  otherwise: ServerKind = "openai-compatible",
): Promise<ServerKind> {
  const owner = OWNERS.get(modelsOf(json)?.[0]?.owned_by);
  if (owner) return owner;
  if (headers.server === "llama.cpp") return "llama-cpp";
  const [ollama, vllm] = await Promise.all([
    hasVersion(`${origin}/api/version`, signal),
    // vLLM guards its API only; without a key its list does not say whose it is.
    status === 401 ? hasVersion(`${origin}/version`, signal) : false,
  ]);
  return ollama ? "ollama" : vllm ? "vllm" : otherwise;
}

async function hasVersion(url: string, signal: AbortSignal): Promise<boolean> {
  const said = await ask(url, signal);
  return (
    said.type === "answer" &&
    said.status === 200 &&
    isObject(said.json) &&
    typeof said.json.version === "string"
  );
}

/** Of OpenAI's `{ object: "list", data: [{ id }] }`, where Ollama writes null for none; `undefined` for all else. */
function modelsOf(json: unknown): Record<string, unknown>[] | undefined {
  if (!isObject(json)) return undefined;
  const { object, data } = json;
  if (data === null) return object === "list" ? [] : undefined;
  if (!Array.isArray(data) || !data.every((model) => isObject(model) && typeof model.id === "string"))
    return undefined;
  return object === "list" || data.some((model) => model.object === "model") ? data : undefined;
}

/** OpenAI's `{ error: { message } }`. */
function isModelServersError(json: unknown): boolean {
  return isObject(json) && isObject(json.error) && typeof json.error.message === "string";
}
