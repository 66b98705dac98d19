import type { Batch } from "./mailbox.ts";

/** A call that begins when what it waits for is there; from then on its reads come as they are. */
export class DeferredCall implements AsyncIterableIterator<Batch> {
  readonly #begin: () => Promise<AsyncIterableIterator<Batch>>;
  #call: AsyncIterableIterator<Batch> | undefined;
  #left = false;

  constructor(begin: () => Promise<AsyncIterableIterator<Batch>>) {
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
    return this.#call?.return?.() ?? Promise.resolve({ done: true, value: undefined });
  }

  async #first(): Promise<IteratorResult<Batch>> {
    const call = await this.#begin();
    this.#call = call;
    if (this.#left) return (await call.return?.()) ?? { done: true, value: undefined };
    return call.next();
  }
}
