import { isVrError } from "./errors.ts";
import { untilAborted } from "./until-aborted.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Why an upstream cannot be used: no connection, no answer in time, an answer that it wants another key (401,
 * 403), or anything else.
 */
export type CheckReason = "unreachable" | "timeout" | "unauthorized" | "failed";

/** As `/ready` says it. */
export type CheckResult = { ok: true } | { ok: false; reason: CheckReason; error: string };

/** Whether the upstream answers, asked for `limitMs` milliseconds at most. Never rejects. */
export async function checkUpstream(
  upstream: Upstream,
  limitMs: number,
  stop?: AbortSignal,
): Promise<CheckResult> {
  const limit = AbortSignal.timeout(limitMs);
  const signal = stop ? AbortSignal.any([limit, stop]) : limit;
  try {
    await untilAborted(Promise.resolve(upstream.check?.(signal)), signal);
    return { ok: true };
  } catch (error) {
    if (limit.aborted) return { ok: false, reason: "timeout", error: `did not answer within ${limitMs} ms` };
    if (!isVrError(error)) return { ok: false, reason: "failed", error: "the check failed" };
    return { ok: false, reason: reasonOf(error), error: error.publicMessage };
  }
}

function reasonOf({ status, cause }: { status: number; cause?: unknown }): CheckReason {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 504) return "timeout";
  // A server that answered something is no cause.
  return status === 502 && cause !== undefined ? "unreachable" : "failed";
}
