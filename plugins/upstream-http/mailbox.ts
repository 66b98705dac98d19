import type { ModelChunk } from "../../core/index.ts";

export type Batch = readonly ModelChunk[];

export interface Sender {
  /** Adds everything that has come to the batch. May `begin`, `end` or `fail` the mailbox. */
  collect(batch: ModelChunk[]): void;
  /** Called when the consumer waits and nothing has come. */
  starved(): void;
}

const NOW = Promise.resolve();
const END: IteratorResult<Batch> = { done: true, value: undefined };

/**
 * Where the consumer waits for batches. The fragments of one read come as several events. `notify` is called after each
 * of them, and one microtask hands them over together. So a batch costs one promise and one microtask.
 */
export class Mailbox {
  readonly #sender: Sender;
  #resolve: ((result: IteratorResult<Batch>) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #scheduled = false;
  /** Whether the answer has begun, but no batch has been handed over since. */
  #begins = false;
  #begun = false;
  #ended = false;
  /** Thrown when the consumer has received everything that came before the error. */
  #error: unknown;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Whether a `next()` is pending. */
  get awaited(): boolean {
    return this.#resolve !== undefined;
  }

  /** Whether the consumer wants nothing more. What still comes is ignored. */
  get closed(): boolean {
    return this.#ended || this.#error !== undefined;
  }

  next(): Promise<IteratorResult<Batch>> {
    return new Promise(this.#wait);
  }

  /** Call when something has come. */
  notify(): void {
    if (this.#scheduled || this.#resolve === undefined) return;
    this.#scheduled = true;
    void NOW.then(this.#handOver);
  }

  /** Call within `collect` when the answer begins: its first batch is then handed over even if it is empty. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#begins = true;
  }

  /** Nothing more is collected. */
  end(): void {
    this.#ended = true;
    this.#begins = false;
  }

  /** Ends the mailbox. What has come so far is still handed over, then the error is thrown, if there is one. */
  fail(error: unknown): void {
    this.#error = error;
    this.notify();
  }

  readonly #wait = (
    resolve: (result: IteratorResult<Batch>) => void,
    reject: (error: unknown) => void,
  ): void => {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#handOver();
  };

  readonly #handOver = (): void => {
    this.#scheduled = false;
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    const batch: ModelChunk[] = [];
    if (!this.#ended) this.#sender.collect(batch);
    if (batch.length > 0 || (this.#begins && this.#error === undefined)) {
      this.#begins = false;
      this.#resolve = undefined;
      resolve({ done: false, value: batch });
    } else if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      this.#ended = true;
      this.#resolve = undefined;
      this.#reject?.(error);
    } else if (this.#ended) {
      this.#resolve = undefined;
      resolve(END);
    } else this.#sender.starved();
  };
}
