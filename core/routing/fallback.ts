import type { ResponseContext } from "../context.ts";
import { isUpstreamError, VrError } from "../errors.ts";
import type { Candidate } from "../upstream.ts";

/**
 * The result of the first candidate that does not fail. Client and log get a warning for each one that is skipped.
 * @throws a final error at once. If all candidates fail, the first error from a server: errors of fallbacks are about
 * another server and mostly another model, and the gateway's own refusals say least. VrError 503 `no_upstream` if there
 * is no candidate.
 */
export async function firstOf<T>(
  candidates: readonly Candidate[],
  context: ResponseContext,
  attempt: (candidate: Candidate) => Promise<T>,
): Promise<T> {
  if (candidates.length === 0)
    throw new VrError(503, "server_error", "No upstream is configured.", { code: "no_upstream" });
  const failures: unknown[] = [];
  for (const [i, candidate] of candidates.entries()) {
    try {
      return await attempt(candidate);
    } catch (error) {
      if (!passesOn(error, context.signal)) throw error;
      failures.push(error);
      const next = candidates[i + 1];
      if (next) tell(context, candidate, next, error);
    }
  }
  throw failures.find((error) => !isRefusal(error)) ?? failures[0];
}

/** Whether to try the next candidate: after no connection, 5xx or 429. Other errors would be the same everywhere. */
function passesOn(error: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && isUpstreamError(error) && (error.status === 429 || error.status >= 500);
}

/** Whether the gateway itself refused, without asking a server. */
function isRefusal(error: unknown): boolean {
  return isUpstreamError(error) && (error.code === "upstream_unavailable" || error.code === "upstream_busy");
}

function tell(context: ResponseContext, from: Candidate, to: Candidate, error: unknown): void {
  if (!isUpstreamError(error)) return;
  const { status, code, message } = error;
  let why = code === "upstream_busy" ? "is busy" : "is not asked at the moment";
  if (!isRefusal(error)) {
    why = `failed (${status})`;
    // The server's message is only for the operator.
    const fields = { upstream: from.upstream.name, next: to.upstream.name, status, code, reason: message };
    context.log.info(fields, "an upstream was skipped");
  }
  context.warn(`upstream "${from.upstream.name}" ${why}; asking "${to.upstream.name}" instead`);
}
