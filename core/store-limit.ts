import type { MaybePromise } from "./context.ts";
import { StoreError } from "./errors.ts";
import { blame } from "./failure.ts";
import { isThenable } from "./hook-taps.ts";
import type { Store } from "./store.ts";
import { within } from "./within.ts";

/**
 * The store with a time limit: a call that takes longer than `ms` milliseconds fails, so that a store that never
 * answers does not block requests. A later result is ignored. `close` has the gateway's own limit. Failures name
 * `plugin`.
 */
export function limitStore(store: Store, ms: number, plugin = store.name): Store {
  const limited = <T>(doing: string, ask: () => MaybePromise<T>): MaybePromise<T> => {
    try {
      const answer = ask();
      if (!isThenable(answer)) return answer;
      return within({ ms, late: () => lateError(store.name, doing, ms) }, answer).catch((error: unknown) => {
        throw blame(error, plugin);
      });
    } catch (error) {
      throw blame(error, plugin);
    }
  };
  return {
    name: store.name,
    ...(store.description === undefined ? {} : { description: store.description }),
    ...(store.details === undefined ? {} : { details: store.details }),
    putResponse: (record) =>
      limited(`store response "${record.response.id}"`, () => store.putResponse(record)),
    getResponse: (id) => limited(`read response "${id}"`, () => store.getResponse(id)),
    getHistory: (id) => limited(`read the history of response "${id}"`, () => store.getHistory(id)),
    ...(store.responseOfItem
      ? { responseOfItem: (id) => limited(`look for item "${id}"`, () => store.responseOfItem?.(id)) }
      : {}),
    deleteResponse: (id) => limited(`delete response "${id}"`, () => store.deleteResponse(id)),
    ...(store.check ? { check: () => limited("check the store", () => store.check?.()) } : {}),
    ...(store.close ? { close: () => store.close?.() } : {}),
  };
}

function lateError(store: string, doing: string, ms: number): StoreError {
  return new StoreError(
    `cannot ${doing}: the store "${store}" did not answer within ${ms} ms (timeouts.storeMs)`,
  );
}
