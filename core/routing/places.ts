export interface PlacesOptions {
  /** Most calls at once; `undefined`: no limit. */
  max: number | undefined;
  /** Most waiting calls. */
  maxQueued: number;
  /** Milliseconds that a call may wait. */
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
export interface QueuedCall {
  /** Resolves when the caller has a place. @throws NoPlace, or the signal's reason */
  readonly place: Promise<void>;
  /** Leaves the queue. */
  leave(): void;
}

/** An upstream's places for calls that run, and the queue in front of them: first come, first served. */
export class Places {
  readonly #options: PlacesOptions;
  /** The functions that give each waiting call its place, in the order of arrival. */
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

  /** `undefined`: the caller has a place at once. @throws NoPlace if the queue is full */
  take(signal: AbortSignal): QueuedCall | undefined {
    const { max, maxQueued } = this.#options;
    if (max === undefined || this.#taken < max) {
      this.#taken += 1;
      return undefined;
    }
    if (this.#queue.size >= maxQueued) throw new NoPlace("full");
    return this.#wait(signal);
  }

  /** Call once for every place that was taken. */
  release(): void {
    const [next] = this.#queue;
    // The place goes directly to the next waiting call, so that no newcomer can take it.
    if (next) next();
    else this.#taken -= 1;
  }

  #wait(signal: AbortSignal): QueuedCall {
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
