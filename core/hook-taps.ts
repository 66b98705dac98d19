import type { Log } from "./context.ts";
import { isGuardrailStop, isVrError, PluginError } from "./errors.ts";
import { blame } from "./failure.ts";
import type { TapClock } from "./hook-limit.ts";
import type { AnyTapOptions } from "./hook-options.ts";

/** A function on a hook, and its cost so far. */
export interface Tap<Fn> {
  readonly hook: string;
  readonly plugin: string;
  /** `plugin` or `plugin/name`. */
  readonly name: string;
  readonly options: AnyTapOptions;
  readonly fn: Fn;
  /** How often it was called; for `onChunk`, with how many batches. */
  calls: number;
  errors: number;
  /** Milliseconds in all calls, with waiting. */
  totalMs: number;
  maxMs: number;
}

/** What measures and limits the calls of one tap. */
export interface TapWatch {
  readonly log: Log;
  readonly clock: TapClock;
}

type Callback = (error: Error | null, result?: never) => void;

/** What a tap may return besides nothing. */
export interface Returned {
  /** Its name in errors, such as `a request`. */
  readonly what: string;
  is(result: object): boolean;
  /** What is wrong with a result, if that is known. */
  problem?(result: object): string | undefined;
}

/** Runs one tap, measures it, limits its time and applies its `onError`. The callback is called exactly once. */
export function runTap(
  tap: Tap<unknown>,
  { log, clock }: TapWatch,
  call: () => unknown,
  callback: Callback,
  returned?: Returned,
): void {
  const start = performance.now();
  const settle = (result: unknown) => {
    measure(tap, start);
    const problem = resultProblem(tap, result, returned);
    if (problem) return callback(tapFailure(tap, log, problem) ?? null);
    callback(null, result as never);
  };
  const fail = (error: unknown) => {
    measure(tap, start);
    callback((tapFailure(tap, log, error) as Error | undefined) ?? null);
  };
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    fail(error);
    return;
  }
  if (isThenable(result)) clock.hold(result).then(settle, fail);
  else settle(result);
}

export function measure(tap: Tap<unknown>, start: number): void {
  const ms = performance.now() - start;
  tap.calls++;
  tap.totalMs += ms;
  if (ms > tap.maxMs) tap.maxMs = ms;
}

/** The error for what a tap threw; `undefined` if its `onError` is "warn". */
export function tapFailure(tap: Tap<unknown>, log: Log, error: unknown): Error | undefined {
  if (isGuardrailStop(error)) return error;
  tap.errors++;
  if (isVrError(error) && error.code !== "plugin_error") return blame(error, tap.name);
  // An error that fails the response is logged with the response.
  const goesOn = tap.options.onError === "warn" || tap.hook === "onComplete";
  if (goesOn) log.error({ plugin: tap.name, hook: tap.hook, err: error }, "a plugin failed in a hook");
  if (tap.options.onError === "warn") return undefined;
  if (isVrError(error)) return blame(error, tap.name);
  return blame(new PluginError(`plugin "${tap.name}" failed in ${tap.hook}`, { cause: error }), tap.name);
}

/**
 * The error for a wrong result. A guardrail's typing error (`return { kind: "denied" }`) must not count as no result.
 */
function resultProblem(tap: Tap<unknown>, result: unknown, returned?: Returned): PluginError | undefined {
  if (result === undefined) return undefined;
  if (result === null) return nullError(tap);
  if (!returned || (typeof result === "object" && returned.is(result))) return undefined;
  const problem = typeof result === "object" ? returned.problem?.(result) : undefined;
  return new PluginError(
    `plugin "${tap.name}" returned something in ${tap.hook} that is not ${returned.what}${problem ? `: ${problem}` : ""}`,
  );
}

export function nullError(tap: Tap<unknown>): PluginError {
  return new PluginError(
    `plugin "${tap.name}" returned null in ${tap.hook}: return nothing to change nothing`,
  );
}

export function isAsyncFunction(fn: unknown): boolean {
  return typeof fn === "function" && fn.constructor.name === "AsyncFunction";
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
