import type { Admission, ModelCallEnd } from "./guard.ts";

/**
 * Passes on a call's reads unchanged; the promises are the source's own. Ends the call's admission when the reading
 * ends: at the source's end, by an error, or because the reader leaves.
 */
export class Watched<T> implements AsyncIterableIterator<T> {
  readonly #source: AsyncIterator<T>;
  readonly #admission: Admission;
  readonly #signal: AbortSignal;
  readonly #endAfter: (last: T | undefined) => ModelCallEnd;
  #last: T | undefined;

  /** `endAfter` says how the source ended, by its last value. */
  constructor(
    source: AsyncIterator<T>,
    admission: Admission,
    signal: AbortSignal,
    endAfter: (last: T | undefined) => ModelCallEnd,
  ) {
    this.#source = source;
    this.#admission = admission;
    this.#signal = signal;
    this.#endAfter = endAfter;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    let reading: Promise<IteratorResult<T>>;
    try {
      reading = Promise.resolve(this.#source.next());
    } catch (error) {
      reading = Promise.reject(error);
    }
    reading.then(this.#seen, this.#failed);
    return reading;
  }

  /** The reader leaves. For an answer that had begun, this says nothing bad about the server. */
  return(): Promise<IteratorResult<T>> {
    this.#admission.end(this.#signal.aborted || this.#last === undefined ? "left" : "succeeded");
    const done = { done: true, value: undefined } as const;
    return this.#source.return?.() ?? Promise.resolve(done);
  }

  /** A plugin's iterator may return something that is not a step; the reader reports that. */
  readonly #seen = (step: IteratorResult<T> | undefined): void => {
    if (step?.done) this.#admission.end(this.#signal.aborted ? "left" : this.#endAfter(this.#last));
    else if (this.#last === undefined) this.#admission.accepted();
    if (!step?.done) this.#last = step?.value;
  };

  readonly #failed = (error: unknown): void => this.#admission.fail(error, this.#signal);
}
