import type { ResponseContext } from "../context.ts";
import { isUpstreamError, VrError } from "../errors.ts";
import type { Candidate } from "../upstream.ts";

/**
 * What the first candidate gives that does not fail. The client and the log are told of each one that is passed
 * over.
 * @throws what is final at once; when all fail, the first error that came from a server: what fallbacks say is
 * about another server and mostly about another model, and what the gateway refuses says least;
 * VrError 503 `no_upstream` when there is no candidate
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

/** No connection, 5xx, 429: another server may do better. Anything else would be the same anywhere. */
function passesOn(error: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && isUpstreamError(error) && (error.status === 429 || error.status >= 500);
}

/** Whether the gateway itself refused, and no server said anything. */
function isRefusal(error: unknown): boolean {
  return isUpstreamError(error) && (error.code === "upstream_unavailable" || error.code === "upstream_busy");
}

function tell(context: ResponseContext, from: Candidate, to: Candidate, error: unknown): void {
  if (!isUpstreamError(error)) return;
  const { status, code, message } = error;
  let why = code === "upstream_busy" ? "is busy" : "is not asked at the moment";
  if (!isRefusal(error)) {
    why = `failed (${status})`;
    // What a server said is for the operator.
    const fields = { upstream: from.upstream.name, next: to.upstream.name, status, code, reason: message };
    context.log.info(fields, "an upstream was passed over");
  }
  context.warn(`upstream "${from.upstream.name}" ${why}; asking "${to.upstream.name}" instead`);
}
