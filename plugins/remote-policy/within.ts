export interface Limit {
  /** Milliseconds. */
  ms: number;
  /** Ends it before. */
  stop: AbortSignal;
  /** What it rejects with when the time is over. */
  late(): Error;
}

/**
 * What `task` gives, unless the limit comes first: its signal then aborts, and what it says after that is not heard.
 * @throws what `late` gives, the reason of `stop`, or what the task throws
 */
export async function within<T>(
  { ms, stop, late }: Limit,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(late()), ms);
  const signal = AbortSignal.any([stop, clock.signal]);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    return await Promise.race([task(signal), aborted.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
