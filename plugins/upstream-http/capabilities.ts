import { LruMap } from "../../core/index.ts";
import type { Capabilities, ReadCapabilities } from "./family.ts";
import type { LazyPool } from "./pool.ts";
import { readText } from "./read-text.ts";
import { rootOf, type ServerSettings } from "./settings.ts";

/** Milliseconds for which an answer counts. A model may be reloaded with another context size. */
const FRESH_MS = 60_000;
/** After this many milliseconds without an answer, the model call goes on without it. */
const TIMEOUT_MS = 2_000;
const MOST_MODELS = 100;
const MAX_BYTES = 4_194_304;
const NOTHING: Capabilities = {};

/** What the models of one server can do. Asks about each model at most once a minute. */
export class ModelCapabilities {
  readonly #pool: LazyPool;
  readonly #settings: ServerSettings;
  readonly #read: ReadCapabilities;
  readonly #known = new LruMap<{ capabilities: Capabilities; at: number }>({ maxEntries: MOST_MODELS });
  readonly #asking = new Map<string, Promise<Capabilities>>();

  constructor(pool: LazyPool, settings: ServerSettings, read: ReadCapabilities) {
    this.#pool = pool;
    this.#settings = settings;
    this.#read = read;
  }

  /** What the server said about a model within the last minute; `undefined` if it must be asked. */
  known(model: string): Capabilities | undefined {
    const known = this.#known.get(model);
    return known && performance.now() - known.at < FRESH_MS ? known.capabilities : undefined;
  }

  /** Never rejects: a server that says nothing about a model is used anyway. `headers`: name, value, name, value, … */
  ask(model: string, headers: string[]): Promise<Capabilities> {
    const asking = this.#asking.get(model) ?? this.#ask(model, headers);
    this.#asking.set(model, asking);
    return asking;
  }

  async #ask(model: string, headers: string[]): Promise<Capabilities> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const capabilities = await this.#read(
      (path, body) => this.#request(path, body, headers, signal),
      model,
    ).catch(() => NOTHING);
    this.#asking.delete(model);
    this.#known.set(model, { capabilities, at: performance.now() });
    return capabilities;
  }

  async #request(path: string, body: object | undefined, headers: string[], signal: AbortSignal) {
    try {
      const { statusCode, body: answer } = await this.#pool.get().request({
        method: body === undefined ? "GET" : "POST",
        path: rootOf(this.#settings) + path,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal,
      });
      const { text, cut, broken } = await readText(answer, MAX_BYTES);
      return statusCode < 300 && !cut && !broken ? (JSON.parse(text) as unknown) : undefined;
    } catch {
      return undefined;
    }
  }
}
