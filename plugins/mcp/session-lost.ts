/**
 * Whether a refusal says that the server no longer knows the session, and so has not processed the call. The protocol
 * requires a 404; the widespread example servers answer 400, others an ordinary error (`status` is `undefined`).
 */
export function isSessionLost(status: number | undefined, said: string): boolean {
  if (status === 404 || status === 410) return true;
  return (status === undefined || status === 400) && (LOST.test(said) || LOST_AFTER.test(said));
}

/** JSON-RPC error codes: invalid request, and those that servers define. Other codes may come from the tool itself. */
export function mayBeOfSession(code: number): boolean {
  return code === -32_600 || (code >= -32_099 && code <= -32_000);
}

const LOST =
  /\b(?:no|invalid|unknown|missing|expired|stale)(?: (?:valid|or|expired|invalid|mcp)){0,4} session(?: ?id)?\b/i;
const LOST_AFTER =
  /\bsession(?: ?id)?\b.{0,80}\b(?:not found|not exist|no longer|expired|invalid|unknown|terminated|required)\b|\bserver not initialized\b/i;
