import type { Session } from "./session.ts";

/**
 * Opens a session within `ms` milliseconds. `open` gets a signal that aborts when the time is over, or with `stop`.
 * @throws the signal's reason, whatever `open` says then; else what it throws
 */
export async function openWithin(
  ms: number,
  stop: AbortSignal,
  open: (signal: AbortSignal) => Promise<Session>,
): Promise<Session> {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(new Error(`it has not answered within ${ms} ms`)), ms);
  const signal = AbortSignal.any([stop, clock.signal]);
  try {
    return await open(signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
