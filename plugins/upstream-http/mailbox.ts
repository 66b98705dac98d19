import type { ModelChunk } from "../../core/index.ts";

export type Batch = readonly ModelChunk[];

export interface Sender {
  /** Adds all that is there to the batch. May `begin`, `end` or `fail` the mailbox. */
  collect(batch: ModelChunk[]): void;
  /** The consumer waits, and there is nothing for it. */
  starved(): void;
}

const NOW = Promise.resolve();
const END: IteratorResult<Batch> = { done: true, value: undefined };

/**
 * Where the consumer waits for batches. One read's fragments come as several events; `notify` after each of
 * them makes one microtask that hands them over together. That is one promise per batch, and one microtask.
 */
export class Mailbox {
  readonly #sender: Sender;
  #resolve: ((result: IteratorResult<Batch>) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #scheduled = false;
  /** The answer has begun, and no batch has said so yet. */
  #begins = false;
  #begun = false;
  #ended = false;
  /** Thrown once the consumer has had what came before it. */
  #error: unknown;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Whether a `next()` is pending. */
  get awaited(): boolean {
    return this.#resolve !== undefined;
  }

  /** What comes now is of no interest. */
  get closed(): boolean {
    return this.#ended || this.#error !== undefined;
  }

  next(): Promise<IteratorResult<Batch>> {
    return new Promise(this.#wait);
  }

  /** Something has come. */
  notify(): void {
    if (this.#scheduled || this.#resolve === undefined) return;
    this.#scheduled = true;
    void NOW.then(this.#handOver);
  }

  /** While it collects: the answer has begun, and its first batch is handed over even if it is empty. */
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

  /** What has come so far is still handed over, then the error, if there is one. */
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
