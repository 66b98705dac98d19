import { isObject } from "../../core/index.ts";
import { ask, type Said } from "./ask.ts";
import type { ServerKind } from "./kinds.ts";

/** "locked": the server needs a key. */
export type ServerState = "ready" | "loading" | "locked";

/** The result of looking at one address. */
export type Found =
  /** A model server with models, or one that is loading them. */
  | { type: "server"; kind: ServerKind; state: ServerState }
  /** A model server without models. */
  | { type: "empty"; kind: ServerKind }
  /** Something accepted the connection, but did not answer in time. */
  | { type: "silent" }
  /** The address is this gateway's own. */
  | { type: "itself" }
  /** Nothing answers, or something else than a model server. */
  | { type: "none" };

type Answer = Extract<Said, { type: "answer" }>;

/** The kind of server by `owned_by` in its list of models. Ollama gives each model's publisher instead. */
const OWNERS = new Map<unknown, ServerKind>([
  ["vllm", "vllm"],
  ["llamacpp", "llama-cpp"],
  ["organization_owner", "lm-studio"],
]);

/**
 * Asks for the models at a base URL, and finds out what kind of server answers. Other programs may listen at such an
 * address: if the answer is not a model server's, the result is "none". The key is sent only to a server that asks for
 * one.
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
  // Other web servers also ask for a password, or are unavailable. Only a model server's error has OpenAI's form.
  if (kind === "openai-compatible" && !isModelServersError(said.json)) return { type: "none" };
  if (said.status === 503) return { type: "server", kind, state: "loading" };
  if (said.status !== 401 && said.status !== 403) return { type: "none" };
  const again = apiKey ? await ask(models, signal, apiKey) : said;
  if (again.type !== "answer" || again.status !== 200) return { type: "server", kind, state: "locked" };
  if (modelsOf(again.json)?.length === 0) return { type: "empty", kind };
  return { type: "server", kind: await kindOf(again, origin, signal, kind), state: "ready" };
}

/** Finds the kind by the list of models, the headers, or an endpoint that only one kind has. */
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
    // vLLM protects only its API with the key, so `/version` works even if the list of models does not.
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

/** The models in OpenAI's `{ object: "list", data: [{ id }] }`; Ollama's empty list is null. Else `undefined`. */
function modelsOf(json: unknown): Record<string, unknown>[] | undefined {
  if (!isObject(json)) return undefined;
  const { object, data } = json;
  if (data === null) return object === "list" ? [] : undefined;
  if (!Array.isArray(data) || !data.every((model) => isObject(model) && typeof model.id === "string"))
    return undefined;
  return object === "list" || data.some((model) => model.object === "model") ? data : undefined;
}

/** Whether this is OpenAI's `{ error: { message } }`. */
function isModelServersError(json: unknown): boolean {
  return isObject(json) && isObject(json.error) && typeof json.error.message === "string";
}
