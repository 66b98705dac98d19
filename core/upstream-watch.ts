import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./context.ts";
import type { Upstream } from "./upstream.ts";
import { type CheckReason, type CheckResult, checkUpstream } from "./upstream-check.ts";
import { within } from "./within.ts";

/** Time limits in milliseconds. */
export interface WatchTimes {
  /** Time for one answer. */
  checkMs: number;
  /** Time before the second check; doubled before each further one. */
  firstDelayMs: number;
  longestDelayMs: number;
}

const TIMES: WatchTimes = { checkMs: 5_000, firstDelayMs: 500, longestDelayMs: 30_000 };

export interface UpstreamWatch {
  /** The first result of each upstream that has answered or failed so far. */
  readonly first: ReadonlyMap<Upstream, CheckResult>;
  /** Resolves when all have answered or failed once, after `ms` milliseconds at the latest. */
  firstAnswers(ms: number): Promise<void>;
  stop(): void;
}

/**
 * Checks every upstream until it has answered once. If one does not answer, this is logged once for each reason, and
 * again when it answers.
 */
export function watchUpstreams(
  upstreams: readonly Upstream[],
  log: Log,
  { checkMs, firstDelayMs, longestDelayMs }: WatchTimes = TIMES,
): UpstreamWatch {
  const first = new Map<Upstream, CheckResult>();
  const stopping = new AbortController();
  const { signal } = stopping;

  const ask = async (upstream: Upstream): Promise<CheckResult> => {
    const result = await checkUpstream(upstream, checkMs, signal);
    if (!first.has(upstream)) first.set(upstream, result);
    return result;
  };
  const follow = async (upstream: Upstream, asked: Promise<CheckResult>): Promise<void> => {
    const logged = new Set<CheckReason>();
    let result = await asked;
    for (let delayMs = firstDelayMs; !result.ok; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
      if (signal.aborted) return;
      const { reason, error } = result;
      if (!logged.has(reason))
        log.warn({ upstream: upstream.name, reason, error }, "an upstream is not ready");
      logged.add(reason);
      await sleep(delayMs, undefined, { ref: false, signal });
      result = await ask(upstream);
    }
    if (logged.size > 0) log.info({ upstream: upstream.name }, "an upstream is ready");
  };

  const all = Promise.all(
    upstreams.map((upstream) => {
      const asked = ask(upstream);
      follow(upstream, asked).catch(() => {}); // rejects only when the watch is stopped
      return asked;
    }),
  );
  return {
    first,
    firstAnswers: (ms) =>
      within({ ms, late: () => new Error("some have not answered") }, all).then(
        () => {},
        () => {},
      ),
    stop: () => stopping.abort(),
  };
}
