export interface PlacesOptions {
  /** Calls at once; no limit when `undefined`. */
  max: number | undefined;
  /** Calls that may wait. */
  maxQueued: number;
  /** Milliseconds that a call waits. */
  queueTimeoutMs: number;
}

/** Why a call did not get a place. */
export class NoPlace extends Error {
  readonly reason: "full" | "timeout" | "left";

  constructor(reason: NoPlace["reason"]) {
    super(`no place: ${reason}`);
    this.reason = reason;
  }
}

/** A call in the queue. */
export interface Waiting {
  /** Resolves when the place is the caller's. @throws NoPlace, or the signal's reason */
  readonly place: Promise<void>;
  /** Gives the turn up. */
  leave(): void;
}

/** An upstream's places for calls that run, and the queue in front of them: first come, first served. */
export class Places {
  readonly #options: PlacesOptions;
  /** What hands each waiting call its place, in the order of arrival. */
  readonly #queue = new Set<() => void>();
  #taken = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  get taken(): number {
    return this.#taken;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** `undefined`: the place is the caller's at once. @throws NoPlace when the queue is full */
  take(signal: AbortSignal): Waiting | undefined {
    const { max, maxQueued } = this.#options;
    if (max === undefined || this.#taken < max) {
      this.#taken += 1;
      return undefined;
    }
    if (this.#queue.size >= maxQueued) throw new NoPlace("full");
    return this.#wait(signal);
  }

  /** To be called once for every place that was taken. */
  release(): void {
    const [next] = this.#queue;
    // The place changes hands, so that no newcomer can come before who waits.
    if (next) next();
    else this.#taken -= 1;
  }

  #wait(signal: AbortSignal): Waiting {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leaveQueue = () => {
      this.#queue.delete(handOver);
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    const giveUp = (reason: unknown) => {
      if (!this.#queue.has(handOver)) return;
      leaveQueue();
      reject(reason);
    };
    const handOver = () => {
      leaveQueue();
      resolve();
    };
    const abort = () => giveUp(signal.reason);
    const timer = setTimeout(() => giveUp(new NoPlace("timeout")), this.#options.queueTimeoutMs);
    signal.addEventListener("abort", abort);
    this.#queue.add(handOver);
    return { place: promise, leave: () => giveUp(new NoPlace("left")) };
  }
}
