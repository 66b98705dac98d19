import { within } from "../../core/index.ts";
import type { Session } from "./session.ts";

/**
 * Opens a session within `ms` milliseconds. `open` gets a signal that aborts when the time is over, or with `stop`. It
 * must end what it has begun before this rejects.
 * @throws the signal's reason, whatever `open` says then; else what it throws
 */
export async function openWithin(
  ms: number,
  stop: AbortSignal,
  open: (signal: AbortSignal) => Promise<Session>,
): Promise<Session> {
  const late = () => new Error(`it has not answered within ${ms} ms`);
  let opening: Promise<Session> | undefined;
  try {
    return await within({ ms, stop, late }, (signal) => {
      opening = open(signal);
      return opening;
    });
  } catch (error) {
    await opening?.then((session) => session.close()).catch(() => {});
    throw error;
  }
}
