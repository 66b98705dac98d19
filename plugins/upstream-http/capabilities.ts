import type { LazyPool } from "./pool.ts";
import { readText } from "./read-text.ts";
import { setLatest } from "./set-latest.ts";
import { rootOf, type Settings } from "./settings.ts";

/** What a server says of a model; `undefined` where it says nothing. */
export interface Capabilities {
  readonly tools?: boolean | undefined;
  readonly images?: boolean | undefined;
  readonly thinks?: boolean | undefined;
  /** Tokens of prompt and answer together; the server cuts a longer prompt without a word. */
  readonly contextTokens?: number | undefined;
}

/** Asks the server, below its root: the base URL without its version. JSON; `undefined` unless it answers with some. */
export type AskServer = (path: string, body?: object) => Promise<unknown>;

/** How a family's servers tell what a model can do. */
export type ToldCapabilities = (ask: AskServer, model: string) => Promise<Capabilities>;

/** Milliseconds. A model may be loaded anew, with another context. */
const FRESH_MS = 60_000;
/** What is not said in this time is not waited for: the model call goes on without. */
const TIMEOUT_MS = 2_000;
const MOST_MODELS = 100;
const MAX_BYTES = 4_194_304;
const NOTHING: Capabilities = {};

/** What the models of one server can do, asked for at most once a minute of each. */
export class ModelCapabilities {
  readonly #pool: LazyPool;
  readonly #settings: Settings;
  readonly #told: ToldCapabilities;
  readonly #known = new Map<string, { capabilities: Capabilities; at: number }>();
  readonly #asking = new Map<string, Promise<Capabilities>>();

  constructor(pool: LazyPool, settings: Settings, told: ToldCapabilities) {
    this.#pool = pool;
    this.#settings = settings;
    this.#told = told;
  }

  /** What was told of a model within the last minute; `undefined`: it is to be asked for. */
  known(model: string): Capabilities | undefined {
    const known = this.#known.get(model);
    return known && performance.now() - known.at < FRESH_MS ? known.capabilities : undefined;
  }

  /** Never rejects: a server that tells nothing is asked all the same. `headers`: names and values in turn. */
  ask(model: string, headers: string[]): Promise<Capabilities> {
    const asking = this.#asking.get(model) ?? this.#ask(model, headers);
    this.#asking.set(model, asking);
    return asking;
  }

  async #ask(model: string, headers: string[]): Promise<Capabilities> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const capabilities = await this.#told(
      (path, body) => this.#request(path, body, headers, signal),
      model,
    ).catch(() => NOTHING);
    this.#asking.delete(model);
    setLatest(this.#known, model, { capabilities, at: performance.now() }, MOST_MODELS);
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
