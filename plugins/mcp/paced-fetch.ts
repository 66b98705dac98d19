import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds before a stream of a server's is opened again. */
const PAUSE_MS = 1_000;

/**
 * `fetch` that opens a server's streams (GET) again after a pause only: the SDK does so whenever one ends, and as fast as
 * the server says.
 */
export function paceStreams(fetch: typeof globalThis.fetch, pauseMs = PAUSE_MS): typeof globalThis.fetch {
  let isFirst = true;
  return async (input, init) => {
    if (init?.method === "GET" && !isFirst)
      await sleep(pauseMs, undefined, { ref: false, ...(init.signal && { signal: init.signal }) });
    if (init?.method === "GET") isFirst = false;
    return fetch(input, init);
  };
}
