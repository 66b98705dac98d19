import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds before a server's stream is opened again. */
const PAUSE_MS = 1_000;

/**
 * A `fetch` that pauses before it opens a server's stream (GET) again: the SDK reopens it whenever it ends, as fast
 * as the server says.
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
