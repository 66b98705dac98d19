import type { Keyv } from "keyv";
import { isVrError, StoreError } from "../../core/index.ts";
import { makeMissingTable } from "./missing-table.ts";

/**
 * A Keyv that throws its failures. Keyv 5.6 returns `undefined` if an adapter throws, and some adapters (Redis) only
 * emit "error" and return `undefined` themselves. Either would look like "not found".
 */
export class CheckedKeyv {
  readonly #keyv: Keyv;
  /** The number of errors emitted so far, by all calls. */
  #errors = 0;
  #lastError: unknown;
  #closed = false;

  constructor(keyv: Keyv) {
    this.#keyv = keyv;
    keyv.throwOnErrors = true;
    keyv.opts.emitErrors = true;
    keyv.on("error", this.#onError);
  }

  readonly #onError = (error: unknown): void => {
    this.#errors += 1;
    this.#lastError = error;
  };

  /** The texts of `keys`; `undefined` for a missing key. Takes one call of the adapter if it supports that. */
  async read(keys: readonly string[], doing: string): Promise<(string | undefined)[]> {
    const complete = (values: unknown[]) => values.every((value) => value !== undefined);
    const values = await this.#guard(doing, () => this.#getMany(keys), complete);
    return values.map((value) => {
      if (value === undefined || typeof value === "string") return value;
      throw new StoreError(`cannot ${doing}: the Keyv store holds something there that vr did not write`);
    });
  }

  /** `ttlMs` 0: the entries never expire, whatever the Keyv's own default is. */
  async write(entries: readonly (readonly [key: string, text: string])[], ttlMs: number, doing: string) {
    await this.#guard(doing, async () => {
      const taken = await Promise.all(entries.map(([key, text]) => this.#keyv.set(key, text, ttlMs)));
      if (taken.includes(false)) throw new Error("the adapter did not take it");
    });
  }

  async delete(keys: readonly string[], doing: string): Promise<void> {
    await this.#guard(doing, () => this.#keyv.deleteMany([...keys]));
  }

  /** Stops listening and disconnects. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#guard("close the store", () => this.#keyv.disconnect());
    this.#closed = true;
    this.#keyv.off("error", this.#onError);
  }

  /** Reads without `Keyv.getMany` if the adapter has no `getMany`: Keyv would then hide its errors. */
  #getMany(keys: readonly string[]): Promise<unknown[]> {
    if (typeof this.#keyv.store.getMany === "function") return this.#keyv.getMany<unknown>([...keys]);
    return Promise.all(keys.map((key) => this.#keyv.get<unknown>(key)));
  }

  /**
   * An error that was emitted during the call may belong to another call. It counts anyway, unless the result proves
   * that this call worked: a needless 503 is better than treating a response as missing.
   */
  async #guard<T>(doing: string, call: () => Promise<T>, proves?: (result: T) => boolean): Promise<T> {
    if (this.#closed) throw new StoreError(`cannot ${doing}: the Keyv store is closed`);
    let errorsBefore = this.#errors;
    let result: T;
    try {
      result = await call().catch(async (error: unknown) => {
        if (!(await makeMissingTable(this.#keyv, error))) throw error;
        errorsBefore = this.#errors;
        return call();
      });
    } catch (error) {
      throw toStoreError(doing, error);
    }
    if (this.#errors !== errorsBefore && !proves?.(result)) throw toStoreError(doing, this.#lastError);
    return result;
  }
}

/** The adapter's message may contain an address or a password, so it is only the `cause`, for the log. */
export function toStoreError(doing: string, cause: unknown): Error {
  if (isVrError(cause)) return cause;
  return new StoreError(`cannot ${doing}: the Keyv store failed; the gateway's log has the reason`, {
    cause,
  });
}
