import { isVrError, type ModelInfo, UpstreamError } from "../../core/index.ts";
import { toHttpError } from "../dialect-chat/index.ts";
import { contextOf } from "./context-size.ts";
import { toNetworkError } from "./network-error.ts";
import type { LazyPool } from "./pool.ts";
import { readText } from "./read-text.ts";
import type { ServerSettings } from "./settings.ts";

const FRESH_MS = 60_000;
/** Milliseconds. Listing is quick, since no model has to answer. */
const LIST_TIMEOUT_MS = 10_000;
/** Most bytes of a list. Enough for thousands of models with long descriptions. */
const MAX_BYTES = 16_777_216;

/** The server's models. Asks at most once a minute, whatever the number of callers. */
export class ModelList {
  readonly #pool: LazyPool;
  readonly #settings: ServerSettings;
  readonly #headers: string[];
  #known: { models: ModelInfo[]; at: number } | undefined;
  #asking: Promise<ModelInfo[]> | undefined;

  /** `headers`: name, value, name, value, … */
  constructor(pool: LazyPool, settings: ServerSettings, headers: string[]) {
    this.#pool = pool;
    this.#settings = settings;
    this.#headers = headers;
  }

  /** `signal` ends the caller's wait, not the request, which other callers may share. @throws UpstreamError */
  async get(signal: AbortSignal): Promise<ModelInfo[]> {
    signal.throwIfAborted();
    if (this.#known && performance.now() - this.#known.at < FRESH_MS) return this.#known.models;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return abortable(this.#asking, signal);
  }

  /** @throws UpstreamError if the server does not answer. An answer that it cannot list its models is an answer. */
  async check(signal: AbortSignal): Promise<void> {
    const { status, text } = await this.#request(signal);
    if (status === 401 || status === 403) {
      // Only clients have keys, so a server that asks for a key is a working server.
      if (this.#settings.auth === "forward" && !this.#headers.includes("authorization")) return;
      throw this.#keyError(status, text);
    }
    if (status >= 300 && status !== 404 && status !== 405) throw this.#error(status, text);
  }

  async #ask(): Promise<ModelInfo[]> {
    const { status, text } = await this.#request();
    if (status >= 300) throw this.#error(status, text);
    const models = parseModels(text);
    this.#known = { models, at: performance.now() };
    return models;
  }

  async #request(signal?: AbortSignal): Promise<{ status: number; text: string }> {
    const timeout = AbortSignal.timeout(LIST_TIMEOUT_MS);
    try {
      const { statusCode, body } = await this.#pool.get().request({
        method: "GET",
        path: `${this.#settings.path}/models`,
        headers: this.#headers,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const { text, cut, broken } = await readText(body, MAX_BYTES);
      if (broken) throw broken;
      if (cut) throw new UpstreamError(502, `the model server's list of models exceeds ${MAX_BYTES} bytes`);
      return { status: statusCode, text };
    } catch (error) {
      signal?.throwIfAborted();
      if (isVrError(error)) throw error;
      if (timeout.aborted)
        throw new UpstreamError(504, `the model server did not list its models within ${LIST_TIMEOUT_MS} ms`);
      throw toNetworkError(error, false);
    }
  }

  /** An error that says what is wrong with the key, before the server's own message. */
  #keyError(status: number, text: string): UpstreamError {
    const { message, code } = this.#error(status, text);
    const what = this.#headers.includes("authorization") ? "refuses the key" : "wants a key";
    return new UpstreamError(status, message.replace(`answered ${status}`, `${what} (${status})`), { code });
  }

  #error(status: number, text: string): UpstreamError {
    return toHttpError(status, text, { secrets: this.#settings.secrets });
  }
}

/** Reads OpenAI's `{ data: [{ id }] }`. @throws UpstreamError 502 */
function parseModels(text: string): ModelInfo[] {
  let data: unknown;
  try {
    data = JSON.parse(text)?.data;
  } catch {}
  if (!Array.isArray(data)) throw new UpstreamError(502, "the model server's list of models cannot be read");
  return data
    .filter((model) => typeof model?.id === "string")
    .map((model) => ({
      id: model.id,
      ...(typeof model.created === "number" ? { created: model.created } : {}),
      ...(typeof model.owned_by === "string" ? { owned_by: model.owned_by } : {}),
      ...contextOf(model),
    }));
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
