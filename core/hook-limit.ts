import { PluginError } from "./errors.ts";

/** The tap whose calls are limited, as errors name it. */
interface NamedTap {
  readonly hook: string;
  readonly name: string;
}

interface PendingCall {
  /** In milliseconds of `performance.now()`. */
  readonly until: number;
  reject(error: PluginError): void;
}

/**
 * Limits how long a call of a tap may take to settle (`timeouts.hookMs`). All calls share one timer, since a tap of
 * `onChunk` may be called for every delta of every stream.
 */
export class TapClock {
  readonly #tap: NamedTap;
  readonly #limitMs: number;
  /** The pending calls, the oldest first. */
  readonly #pending = new Set<PendingCall>();
  #timer: NodeJS.Timeout | undefined;

  constructor(tap: NamedTap, limitMs: number) {
    this.#tap = tap;
    this.#limitMs = limitMs;
  }

  /** Settles like `promise`, or rejects when its time is up. A later result is ignored. */
  hold<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = { until: performance.now() + this.#limitMs, reject };
      this.#pending.add(call);
      this.#timer ??= this.#wake(this.#limitMs);
      promise.then(
        (value) => {
          this.#pending.delete(call);
          resolve(value);
        },
        (error: unknown) => {
          this.#pending.delete(call);
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
    for (const call of this.#pending) {
      if (call.until > now) {
        this.#timer = this.#wake(Math.ceil(call.until - now));
        return;
      }
      this.#pending.delete(call);
      call.reject(this.#late());
    }
  }

  #late(): PluginError {
    const { name, hook } = this.#tap;
    return new PluginError(
      `plugin "${name}" has not settled in ${hook} within ${this.#limitMs} ms (timeouts.hookMs)`,
    );
  }
}
