/**
 * Waits for a promise until the signal aborts, and `ms` milliseconds at most if they are given: then it resolves to
 * `undefined`. What it says later is not heard.
 * @throws the signal's reason
 */
export function patiently<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
export function patiently<T>(promise: Promise<T>, signal: AbortSignal, ms: number): Promise<T | undefined>;
export async function patiently<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  ms?: number,
): Promise<T | undefined> {
  const end = Promise.withResolvers<undefined>();
  const abort = () => end.reject(signal.reason);
  const timer = ms === undefined ? undefined : setTimeout(end.resolve, ms, undefined);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  promise.catch(() => {}); // said to `race`, if it is still waiting
  try {
    return await Promise.race([promise, end.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
