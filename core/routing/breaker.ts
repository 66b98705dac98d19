export type CircuitState = "closed" | "open" | "half_open";

export interface BreakerOptions {
  /** How many failures in a row open the circuit; 0: it stays closed. */
  failures: number;
  /** Milliseconds that an open circuit lets no call through. */
  openMs: number;
  /** A monotonic clock, in milliseconds. */
  now: () => number;
  /** Called when the circuit opens or closes, not for each failure. */
  changed: (state: "open" | "closed") => void;
}

/**
 * Counts one upstream's failures in a row. After `failures` of them, no call passes for `openMs`. Then exactly one call
 * passes, the trial. If it is answered, the circuit closes. If it fails, the time begins again.
 *
 * A call keeps the number that `enter` gave it. If the circuit has changed since then, the call's result is about an
 * earlier state of the server and is ignored.
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

  /** "half_open": the next call is a trial, or a trial is running. */
  get state(): CircuitState {
    if (this.#state === "open") return this.retryInMs > 0 ? "open" : "half_open";
    return this.#state === "closed" ? "closed" : "half_open";
  }

  /** Whether a call would pass now. */
  get passable(): boolean {
    return this.#state === "closed" || (this.#state === "open" && this.retryInMs <= 0);
  }

  /** Milliseconds until a call may be tried; 0 if it may be tried now. */
  get retryInMs(): number {
    return this.#state === "open" ? Math.max(0, this.#openUntil - this.#options.now()) : 0;
  }

  /** Returns the call's number if it may pass, else `undefined`. */
  enter(): number | undefined {
    if (!this.passable) return undefined;
    if (this.#state === "open") this.#become("trial");
    return this.#epoch;
  }

  /** Call when the server has accepted the call. This ends a trial, however the answer ends. */
  accepted(call: number): void {
    if (call === this.#epoch && this.#state === "trial") this.#close();
  }

  /** Call when the server has answered completely, or has refused the request as wrong. */
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

  /** Counts a request other than a model call that got no answer. Ignored while the circuit is open or on trial. */
  unanswered(): void {
    if (this.passable) this.failed(this.#epoch);
  }

  /** Call when the call's end says nothing about the server, as when the client left. A trial must be repeated. */
  left(call: number): void {
    if (call === this.#epoch && this.#state === "trial") this.#become("open");
  }

  #close(): void {
    this.#failures = 0;
    // The trial keeps its number, since its answer may still break off.
    this.#state = "closed";
    this.#options.changed("closed");
  }

  #become(state: "open" | "trial"): void {
    this.#state = state;
    this.#epoch += 1;
  }
}
