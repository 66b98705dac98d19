import type { Redact } from "./redact.ts";
import { CallFailed, Unavailable } from "./session.ts";

/** Characters of what is told of a failure. */
const MOST_SAID = 2_000;

/** What was thrown, for clients and logs. */
export function tell(error: unknown, redact: Redact): string {
  return shortened(redact(reasonOf(error)));
}

/** Of a text without secrets: a piece of one would not be found any more. */
export function shortened(text: string): string {
  return text.length > MOST_SAID ? `${text.slice(0, MOST_SAID)}…` : text;
}

/** What was thrown, with what is at the bottom of it: `fetch failed` says nothing. May hold secrets. */
function reasonOf(error: unknown): string {
  if (error instanceof CallFailed || error instanceof Unavailable) return error.message;
  const { message, cause } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as { code?: string; message?: string };
  const why = deeper || code;
  return why && !message.includes(why) ? `${message} (${why})` : message;
}
