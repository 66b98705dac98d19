import type { Log, MaybePromise } from "../context.ts";
import { isUpstreamError, UpstreamError } from "../errors.ts";
import { blame } from "../failure.ts";
import { reasonOf } from "../upstream-check.ts";
import type { GuardLimits } from "../upstream-limits.ts";
import { CircuitBreaker } from "./breaker.ts";
import { NoPlace, Places, type QueuedCall } from "./places.ts";

/** What a call says about its upstream: "left" is nothing, as when the client went away. */
export type ModelCallEnd = "succeeded" | "failed" | "left";

/** Seconds after which a client that was refused as `upstream_busy` may ask again. */
const BUSY_RETRY_S = 1;

/** Decides which calls an upstream gets: its limit, its queue and its circuit. */
export class Guard {
  readonly #name: string;
  readonly #plugin: string;
  readonly #limits: GuardLimits;
  readonly #places: Places;
  readonly #breaker: CircuitBreaker;

  /** `plugin`: the plugin that added the upstream; failures name it. */
  constructor(name: string, limits: GuardLimits, log: Log, now = () => performance.now(), plugin = name) {
    this.#name = name;
    this.#plugin = plugin;
    this.#limits = limits;
    const { maxConcurrent: max, maxQueued, queueTimeoutMs } = limits;
    this.#places = new Places({ max, maxQueued, queueTimeoutMs });
    const { breakerFailures: failures, breakerOpenMs: openMs } = limits;
    this.#breaker = new CircuitBreaker({
      failures,
      openMs,
      now,
      changed: (state) =>
        state === "open"
          ? log.warn({ upstream: name, openMs }, `the circuit of upstream "${name}" has opened`)
          : log.info({ upstream: name }, `the circuit of upstream "${name}" has closed again`),
    });
  }

  /** The state that `/ready` shows. */
  get state() {
    return { circuit: this.#breaker.state, running: this.#places.taken, queued: this.#places.queued };
  }

  /** @throws UpstreamError 503 `upstream_unavailable` while the circuit is open */
  refuseIfOpen(): void {
    if (!this.#breaker.passable) throw this.#unavailable();
  }

  /** Records a failure outside a model call (listing models). Only "no answer" counts against the circuit. */
  noteFailure(error: unknown): void {
    const reason = reasonOf(error);
    if (isUpstreamError(error) && (reason === "unreachable" || reason === "timeout"))
      this.#breaker.unanswered();
  }

  /**
   * Lets the call through at once, or when its turn comes. If it must wait, `queued` is called, so that the caller
   * can end the wait. Without a wait there is no promise, since every request passes here.
   * @throws UpstreamError 503 `upstream_unavailable`, 429 `upstream_busy`, or the signal's reason
   */
  admit(signal: AbortSignal, queued?: (waiting: QueuedCall) => void): MaybePromise<Admission> {
    signal.throwIfAborted();
    this.refuseIfOpen();
    let waiting: QueuedCall | undefined;
    try {
      waiting = this.#places.take(signal);
    } catch (error) {
      throw this.#explain(error);
    }
    if (!waiting) return this.#enter();
    queued?.(waiting);
    return waiting.place.then(
      () => this.#enter(),
      (error: unknown) => {
        throw this.#explain(error);
      },
    );
  }

  /**
   * Asks the circuit once the call has a place: a waiting call must not hold the trial, and the circuit may have
   * opened.
   */
  #enter(): Admission {
    const call = this.#breaker.enter();
    if (call !== undefined) return new Admission(this.#places, this.#breaker, call, this.#plugin);
    this.#places.release();
    throw this.#unavailable();
  }

  #unavailable(): UpstreamError {
    const seconds = Math.max(1, Math.ceil(this.#breaker.retryInMs / 1000));
    return new UpstreamError(
      503,
      `Upstream "${this.#name}" has failed repeatedly and is not asked at the moment; it is tried again in ${seconds} s.`,
      { code: "upstream_unavailable", headers: { "retry-after": String(seconds) } },
    );
  }

  #explain(cause: unknown): unknown {
    if (!(cause instanceof NoPlace)) return cause;
    const { maxConcurrent, queueTimeoutMs } = this.#limits;
    const why =
      cause.reason === "full" ? "and its queue is full" : `and none came free within ${queueTimeoutMs} ms`;
    return new UpstreamError(
      429,
      `Upstream "${this.#name}" is busy: all ${maxConcurrent} places for calls are taken, ${why}.`,
      { code: "upstream_busy", headers: { "retry-after": String(BUSY_RETRY_S) }, cause },
    );
  }
}

/**
 * The place of a call that was let through. `end` gives it back, however the call ends. A second `end` does nothing.
 */
export class Admission {
  readonly #places: Places;
  readonly #breaker: CircuitBreaker;
  readonly #call: number;
  readonly #plugin: string;
  #hasReported = false;
  #released = false;

  constructor(places: Places, breaker: CircuitBreaker, call: number, plugin: string) {
    this.#places = places;
    this.#breaker = breaker;
    this.#call = call;
    this.#plugin = plugin;
  }

  /** Call when the server has accepted the call. */
  accepted(): void {
    this.#breaker.accepted(this.#call);
  }

  /** Reports the end to the breaker, once. The place stays taken. */
  tell(end: ModelCallEnd): void {
    if (this.#hasReported) return;
    this.#hasReported = true;
    this.#breaker[end](this.#call);
  }

  end(end: ModelCallEnd): void {
    this.tell(end);
    if (this.#released) return;
    this.#released = true;
    this.#places.release();
  }

  /** Ends the call with an error. The plugin is blamed for it, unless the call was cancelled. */
  fail(error: unknown, signal: AbortSignal): void {
    if (!signal.aborted) blame(error, this.#plugin);
    this.end(endOf(error, signal));
  }
}

/**
 * What an error says about the upstream. No connection, 5xx and timeouts are failures. Other refusals come from a
 * working server. The gateway's own errors say nothing.
 */
function endOf(error: unknown, signal: AbortSignal): ModelCallEnd {
  if (signal.aborted || !isUpstreamError(error)) return "left";
  return error.status >= 500 ? "failed" : "succeeded";
}
