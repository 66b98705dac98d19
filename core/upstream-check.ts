import { isVrError } from "./errors.ts";
import type { Upstream } from "./upstream.ts";
import { within } from "./within.ts";

/**
 * Why an upstream cannot be used: no connection, no answer in time, a refused or missing key (401, 403), or anything
 * else.
 */
export type CheckReason = "unreachable" | "timeout" | "unauthorized" | "failed";

/** The result as `/ready` shows it. */
export type CheckResult = { ok: true } | { ok: false; reason: CheckReason; error: string };

/** Checks whether the upstream answers within `limitMs` milliseconds. Never rejects. */
export async function checkUpstream(
  upstream: Upstream,
  limitMs: number,
  stop?: AbortSignal,
): Promise<CheckResult> {
  const late = new Error(`did not answer within ${limitMs} ms`);
  try {
    await within({ ms: limitMs, stop, late: () => late }, (signal) => upstream.check?.(signal));
    return { ok: true };
  } catch (error) {
    if (error === late) return { ok: false, reason: "timeout", error: late.message };
    if (!isVrError(error)) return { ok: false, reason: "failed", error: "the check failed" };
    return { ok: false, reason: reasonOf(error), error: error.publicMessage };
  }
}

export function reasonOf(error: unknown): CheckReason {
  const status = isVrError(error) ? error.status : undefined;
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 504) return "timeout";
  return causesOf(error).some(isOfTheConnection) ? "unreachable" : "failed";
}

/** Node's error codes for a connection that failed or broke. */
const CONNECTION =
  /^(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)$|SOCKET/;

function isOfTheConnection(cause: Error): boolean {
  return CONNECTION.test(String((cause as { code?: unknown }).code));
}

/** Most levels of causes, since they may form a ring. */
const DEPTH = 8;

/** An error and its causes, the deepest one last. */
export function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < DEPTH; at = nextCause(at)) chain.push(at);
  return chain;
}

/** The cause of an error. Connecting to a name with several addresses fails with several errors. */
function nextCause(error: Error): unknown {
  return error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
}
