import type { ModelChunk } from "../protocol/chunk.ts";
import { type BatchSource, iterateBatches, type Sourced } from "./batch-check.ts";
import type { Admission, Guard, ModelCallEnd } from "./guard.ts";
import type { QueuedCall } from "./places.ts";
import { Watched } from "./watched.ts";

type Batch = readonly ModelChunk[];

const DONE = { done: true, value: undefined } as const;

/**
 * One model call through an upstream's guard. The upstream is asked at the first `next`, once the call may pass. From
 * then on its reads are passed on unchanged.
 */
export class GuardedCall implements AsyncIterableIterator<Batch>, Sourced {
  readonly #guard: Guard;
  readonly #signal: AbortSignal;
  readonly #open: () => AsyncIterable<Batch>;
  readonly source: BatchSource;
  #waiting: QueuedCall | undefined;
  #reading: Watched<Batch> | undefined;
  #left = false;

  constructor(guard: Guard, signal: AbortSignal, source: BatchSource, open: () => AsyncIterable<Batch>) {
    this.#guard = guard;
    this.source = source;
    this.#signal = signal;
    this.#open = open;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Batch>> {
    return this.#reading ? this.#reading.next() : this.#begin();
  }

  return(): Promise<IteratorResult<Batch>> {
    this.#left = true;
    this.#waiting?.leave();
    return this.#reading?.return() ?? Promise.resolve(DONE);
  }

  #begin(): Promise<IteratorResult<Batch>> {
    if (this.#left) return Promise.resolve(DONE);
    try {
      const admission = this.#guard.admit(this.#signal, this.#queued);
      return admission instanceof Promise ? this.#wait(admission) : this.#ask(admission);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  readonly #queued = (waiting: QueuedCall): void => {
    this.#waiting = waiting;
  };

  async #wait(admitting: Promise<Admission>): Promise<IteratorResult<Batch>> {
    try {
      const admission = await admitting;
      if (!this.#left) return this.#ask(admission);
      admission.end("left");
    } catch (error) {
      if (!this.#left) throw error;
    }
    return DONE;
  }

  #ask(admission: Admission): Promise<IteratorResult<Batch>> {
    this.#waiting = undefined;
    try {
      const batches = iterateBatches(this.#open(), this.source);
      this.#reading = new Watched(batches, admission, this.#signal, endAfter);
    } catch (error) {
      admission.fail(error, this.#signal);
      throw error;
    }
    return this.#reading.next();
  }
}

/** How an answer ended. Without `finish` it broke off. */
function endAfter(last: Batch | undefined): ModelCallEnd {
  return Array.isArray(last) && last.at(-1)?.type === "finish" ? "succeeded" : "failed";
}
