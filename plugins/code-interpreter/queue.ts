import type { Limits } from "./options.ts";
import { RuntimeError } from "./runtime.ts";

interface QueuedTask {
  key: string;
  start(): void;
}

/** Runs at most `concurrent` tasks at once, and those of one key one after the other. The others wait in order. */
export class ExecutionQueue {
  readonly #limits: Pick<Limits, "concurrent" | "queued" | "queueMs">;
  readonly #busy = new Set<string>();
  #waiting: QueuedTask[] = [];

  constructor(limits: Pick<Limits, "concurrent" | "queued" | "queueMs">) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#busy.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  isBusy(key: string): boolean {
    return this.#busy.has(key);
  }

  /**
   * Runs `task` when its turn comes.
   * @throws RuntimeError `busy` if too many tasks wait, or this one has waited too long; the signal's reason; the
   * task's error
   */
  async run<T>(key: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#mayStart(key)) this.#busy.add(key);
    else await this.#wait(key, signal);
    try {
      return await task();
    } finally {
      this.#busy.delete(key);
      this.#startNext();
    }
  }

  #mayStart(key: string): boolean {
    return this.#busy.size < this.#limits.concurrent && !this.#busy.has(key);
  }

  #wait(key: string, signal: AbortSignal): Promise<void> {
    const { queued, queueMs } = this.#limits;
    if (this.#waiting.length >= queued)
      throw new RuntimeError("busy", `The queue of ${queued} is full: try again later.`);
    return new Promise((resolve, reject) => {
      const leave = (error: unknown) => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        end();
        reject(error);
      };
      const abort = () => leave(signal.reason);
      const late = () => leave(new RuntimeError("busy", `There was no free place within ${queueMs} ms.`));
      const timer = setTimeout(late, queueMs);
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
      };
      const entry: QueuedTask = {
        key,
        start: () => {
          end();
          resolve();
        },
      };
      signal.addEventListener("abort", abort);
      this.#waiting.push(entry);
    });
  }

  #startNext(): void {
    for (const entry of [...this.#waiting]) {
      if (!this.#mayStart(entry.key)) continue;
      this.#busy.add(entry.key);
      this.#waiting = this.#waiting.filter((other) => other !== entry);
      entry.start();
    }
  }
}
