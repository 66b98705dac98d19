import { PluginError } from "./errors.ts";
import type { Tap } from "./hook-taps.ts";

/** The time that a tap may take to settle, `timeouts.hookMs`. One clock may hold several calls, one after the other. */
export class TapClock {
  readonly #tap: Tap<unknown>;
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;
  #reject: ((error: PluginError) => void) | undefined;

  constructor(tap: Tap<unknown>, limitMs: number) {
    this.#tap = tap;
    this.#limitMs = limitMs;
  }

  /** Settles as `promise` does, or rejects when its time is up. A later result is ignored. */
  hold<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      // A tap that hangs keeps no process alive.
      this.#timer ??= setTimeout(() => this.#reject?.(this.#late()), this.#limitMs).unref();
      this.#timer.refresh();
      promise.then(resolve, reject);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #late(): PluginError {
    const { name, hook } = this.#tap;
    return new PluginError(
      `plugin "${name}" has not settled in ${hook} within ${this.#limitMs} ms (timeouts.hookMs)`,
    );
  }
}
