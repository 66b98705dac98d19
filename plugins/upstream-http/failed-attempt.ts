import type { UpstreamError } from "../../core/index.ts";
import { blamesRequest, toHttpError } from "../dialect-chat/index.ts";
import type { Answer } from "./answer.ts";
import { isUnreachable, toNetworkError } from "./network-error.ts";
import { retryDelay } from "./retry.ts";
import type { Settings } from "./settings.ts";

/** `afterMs`: milliseconds. */
export type Verdict = { kind: "again"; afterMs: number } | { kind: "final"; error: UpstreamError };

/**
 * What becomes of an attempt that the server refused or that broke off, `broken` saying how. A refusal whose
 * body is cut short by us, since it is too long, is final. `attempt` counts from 0.
 */
export function judge(
  answer: Answer,
  attempt: number,
  settings: Settings,
  secrets: readonly string[],
  broken?: Error,
): Verdict {
  const { status, refused, complete } = answer;
  const retryAfter = answer.header("retry-after");
  // The whole answer: its words say whether the same request would be refused again.
  const repeatable = refused
    ? broken !== undefined || (complete && !blamesRequest(status, answer.peekText()))
    : status === 0 && broken !== undefined && isUnreachable(broken);
  const afterMs = repeatable
    ? retryDelay(attempt, refused ? status : undefined, retryAfter, settings)
    : undefined;
  if (afterMs !== undefined) return { kind: "again", afterMs };
  return {
    kind: "final",
    error: refused
      ? toHttpError(status, answer.takeText(), { retryAfter, secrets })
      : toNetworkError(broken, status !== 0),
  };
}
