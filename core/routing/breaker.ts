export type CircuitState = "closed" | "open" | "half_open";

export interface BreakerOptions {
  /** In a row, until the circuit opens; 0: it stays closed. */
  failures: number;
  /** Milliseconds that an open circuit lets no call through. */
  openMs: number;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
  /** Told of a change, not of each failure. */
  changed: (state: "open" | "closed") => void;
}

/**
 * Counts one upstream's failures in a row. From `failures` of them on no call passes for `openMs`; then exactly
 * one does, the trial. If that is answered the circuit closes, if it fails the time begins anew.
 *
 * A call holds the number that `enter` gave it. What it tells after the circuit has changed is about an earlier
 * state of the server and changes nothing.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #epoch = 0;
  #failures = 0;
  #state: "closed" | "open" | "trial" = "closed";
  #openUntil = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** "half_open": the next call is a trial, or one is under way. */
  get state(): CircuitState {
    if (this.#state === "open") return this.retryInMs > 0 ? "open" : "half_open";
    return this.#state === "closed" ? "closed" : "half_open";
  }

  /** Whether a call would pass now. */
  get passable(): boolean {
    return this.#state === "closed" || (this.#state === "open" && this.retryInMs <= 0);
  }

  /** Milliseconds until a call may be tried; 0 if nothing is known to speak against it. */
  get retryInMs(): number {
    return this.#state === "open" ? Math.max(0, this.#openUntil - this.#options.now()) : 0;
  }

  /** The number of a call that may pass; `undefined` for one that may not. */
  enter(): number | undefined {
    if (!this.passable) return undefined;
    if (this.#state === "open") this.#become("trial");
    return this.#epoch;
  }

  /** The server has taken the call: that ends a trial, whatever becomes of the answer. */
  accepted(call: number): void {
    if (call === this.#epoch && this.#state === "trial") this.#close();
  }

  /** The server has answered to the end, or has said what is wrong with the request. */
  succeeded(call: number): void {
    if (call !== this.#epoch) return;
    if (this.#state === "trial") this.#close();
    this.#failures = 0;
  }

  failed(call: number): void {
    if (call !== this.#epoch || this.#options.failures === 0) return;
    this.#failures += 1;
    if (this.#state === "closed" && this.#failures < this.#options.failures) return;
    const opens = this.#state === "closed";
    this.#openUntil = this.#options.now() + this.#options.openMs;
    this.#become("open");
    if (opens) this.#options.changed("open");
  }

  /** Something else than a call was left without an answer; an open circuit or a trial under way knows better. */
  unanswered(): void {
    if (this.passable) this.failed(this.#epoch);
  }

  /** The call ended without a word about the server, as when the client left. A trial is to be made again. */
  left(call: number): void {
    if (call === this.#epoch && this.#state === "trial") this.#become("open");
  }

  #close(): void {
    this.#failures = 0;
    // The trial itself goes on under its number: its answer may still break off.
    this.#state = "closed";
    this.#options.changed("closed");
  }

  #become(state: "open" | "trial"): void {
    this.#state = state;
    this.#epoch += 1;
  }
}
