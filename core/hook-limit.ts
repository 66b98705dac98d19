import { PluginError } from "./errors.ts";
import type { Tap } from "./hook-taps.ts";

interface Waiting {
  /** In milliseconds of `performance.now()`. */
  readonly until: number;
  reject(error: PluginError): void;
}

/**
 * Limits how long a call of a tap may take to settle (`timeouts.hookMs`). All calls share one timer, since a tap of
 * `onChunk` may be called for every delta of every stream.
 */
export class TapClock {
  readonly #tap: Tap<unknown>;
  readonly #limitMs: number;
  /** The pending calls, the oldest first. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(tap: Tap<unknown>, limitMs: number) {
    this.#tap = tap;
    this.#limitMs = limitMs;
  }

  /** Settles as `promise` does, or rejects when its time is up. A later result is ignored. */
  hold<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = { until: performance.now() + this.#limitMs, reject };
      this.#waiting.add(waiting);
      this.#timer ??= this.#wake(this.#limitMs);
      promise.then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
    });
  }

  /** A tap that hangs does not keep the process alive. */
  #wake(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#endLate(), ms).unref();
  }

  #endLate(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const waiting of this.#waiting) {
      if (waiting.until > now) {
        this.#timer = this.#wake(Math.ceil(waiting.until - now));
        return;
      }
      this.#waiting.delete(waiting);
      waiting.reject(this.#late());
    }
  }

  #late(): PluginError {
    const { name, hook } = this.#tap;
    return new PluginError(
      `plugin "${name}" has not settled in ${hook} within ${this.#limitMs} ms (timeouts.hookMs)`,
    );
  }
}
