import type { ServerSettings } from "./settings.ts";

const RETRIED = new Set([429, 502, 503, 504]);

/**
 * Milliseconds to wait before asking again; `undefined` if the answer is final. `attempt` counts from 0. A
 * `Retry-After` is obeyed; one that is longer than `maxRetryAfterMs` makes the answer final.
 */
export function retryDelay(
  attempt: number,
  status: number | undefined,
  retryAfter: string | undefined,
  settings: Pick<ServerSettings, "retries" | "retryDelayMs" | "maxRetryAfterMs">,
): number | undefined {
  if (attempt >= settings.retries) return undefined;
  if (status !== undefined && !RETRIED.has(status)) return undefined;
  const asked = parseRetryAfter(retryAfter);
  if (asked !== undefined) return asked > settings.maxRetryAfterMs ? undefined : asked;
  // Up to half of it is random, so that many clients of one server do not come back at the same time.
  return settings.retryDelayMs * 2 ** attempt * (0.5 + Math.random() / 2);
}

/** Turns seconds or an HTTP date into milliseconds from now. */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
