import type { Redact } from "./redact.ts";
import { CallFailed, Unavailable } from "./session.ts";

/** Most characters shown of a failure. */
const MOST_SAID = 2_000;

/** The text of an error, for clients and logs. */
export function tell(error: unknown, redact: Redact): string {
  return shortened(redact(reasonOf(error)));
}

/** Shortens a text. Its secrets must already be removed, since a cut secret would not be found. */
export function shortened(text: string): string {
  return text.length > MOST_SAID ? `${text.slice(0, MOST_SAID)}…` : text;
}

/** The message of an error and of its deepest cause, since `fetch failed` alone says nothing. May contain secrets. */
function reasonOf(error: unknown): string {
  if (error instanceof CallFailed || error instanceof Unavailable) return error.message;
  const { message, cause } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as { code?: string; message?: string };
  const why = deeper || code;
  return why && !message.includes(why) ? `${message} (${why})` : message;
}
