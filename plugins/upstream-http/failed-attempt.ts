import type { UpstreamError } from "../../core/index.ts";
import { blamesRequest, toHttpError } from "../dialect-chat/index.ts";
import type { Answer } from "./answer.ts";
import { isUnreachable, toNetworkError } from "./network-error.ts";
import { retryDelay } from "./retry.ts";
import type { ServerSettings } from "./settings.ts";

/** Whether to ask again. `afterMs`: milliseconds to wait before. */
export type Verdict = { kind: "again"; afterMs: number } | { kind: "final"; error: UpstreamError };

/**
 * Decides whether to ask again after the server refused an attempt or broke it off. `broken`: the error of the
 * connection, if it broke. A refusal whose body is too long is cut and final. `attempt` counts from 0.
 */
export function judge(
  answer: Answer,
  attempt: number,
  settings: ServerSettings,
  secrets: readonly string[],
  broken?: Error,
): Verdict {
  const { status, refused, complete } = answer;
  const retryAfter = answer.header("retry-after");
  // Needs the whole answer, since its text says whether the same request would be refused again.
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
