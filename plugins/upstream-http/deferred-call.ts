import type { Batch } from "./mailbox.ts";

const DONE = { done: true, value: undefined } as const;

/** A call that begins when what it waits for is there. From then on its reads are passed on unchanged. */
export class DeferredCall<T> implements AsyncIterableIterator<Batch> {
  readonly #wait: () => Promise<T>;
  readonly #begin: (awaited: T) => AsyncIterableIterator<Batch>;
  #call: AsyncIterableIterator<Batch> | undefined;
  #left = false;

  constructor(wait: () => Promise<T>, begin: (awaited: T) => AsyncIterableIterator<Batch>) {
    this.#wait = wait;
    this.#begin = begin;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Batch>> {
    return this.#call ? this.#call.next() : this.#first();
  }

  return(): Promise<IteratorResult<Batch>> {
    this.#left = true;
    return this.#call?.return?.() ?? Promise.resolve(DONE);
  }

  async #first(): Promise<IteratorResult<Batch>> {
    const awaited = await this.#wait();
    if (this.#left) return DONE;
    this.#call = this.#begin(awaited);
    return this.#call.next();
  }
}
