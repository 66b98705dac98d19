import { CallFailed, Unavailable } from "./session.ts";

/** What was thrown, with what is at the bottom of it: `fetch failed` says nothing. May hold secrets. */
export function reasonOf(error: unknown): string {
  if (error instanceof CallFailed || error instanceof Unavailable) return error.message;
  const { message, cause } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as { code?: string; message?: string };
  const why = deeper || code;
  return why && !message.includes(why) ? `${message} (${why})` : message;
}
