import { isVrError } from "./errors.ts";
import type { Upstream } from "./upstream.ts";
import { within } from "./within.ts";

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

/** Error codes of Node that say that no connection came about, or that it broke. */
const CONNECTION =
  /^(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)$|SOCKET/;

function isOfTheConnection(cause: Error): boolean {
  return CONNECTION.test(String((cause as { code?: unknown }).code));
}

/** Levels of causes, of which there may be a ring. */
const DEPTH = 8;

/** An error and what caused it, the last at the end. */
export function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < DEPTH; at = nextCause(at)) chain.push(at);
  return chain;
}

/** Connecting to a name with several addresses fails with several errors. */
function nextCause(error: Error): unknown {
  return error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
}
