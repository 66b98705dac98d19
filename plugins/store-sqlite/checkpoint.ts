import { Worker } from "node:worker_threads";

/** Characters of rows after which the write-ahead log, about twice as large, is copied into the database. */
const ROW_CHARS = 24 * 1024 * 1024;
/** Milliseconds without a commit after which what is left of the log is copied. */
const QUIET_MS = 250;
/** Milliseconds of a copy after which little can have come meanwhile, and how often that is tried for. */
const SHORT_MS = 30;
const MOST_RESTS = 4;
/** Milliseconds that writes wait at most for the rest of a log that is too long. */
const HOLD_MS = 1_000;

const workerFile = new URL(
  `./checkpoint-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** What became of a copy. `isWhole`: all that was in the log when it began is in the database. */
export type Copied = { isWhole: boolean; logBytes: number; error?: undefined } | { error: string | Error };

export interface CheckpointOptions {
  path: string;
  /** Bytes of the log from which on writes wait until it is copied whole. */
  maxLogBytes: number;
  /** Keeps commits back until `release`. */
  hold(): void;
  release(): void;
  onError(error: unknown): void;
}

/**
 * Copies the write-ahead log into the database in another thread, since that waits for the disk for tens of
 * milliseconds. The thread starts when the log first grows large, so quiet gateways never have one.
 *
 * The log can begin anew only when all of it is copied, and while commits go on there is always a little more. So the
 * rest is copied in the next quiet moment. A log that grows past `maxLogBytes` before one comes is copied while the
 * commits, not the event loop, wait.
 */
export class Checkpoint {
  readonly #options: CheckpointOptions;
  #chars = 0;
  #committedAt = 0;
  /** When the copy began. */
  #startedAt = 0;
  #worker: Worker | undefined;
  #isCopying = false;
  #isStopped = false;
  /** Copies in a row of a log that is too long. */
  #rests = 0;
  /** Ends the wait of commits that are held. */
  #holding: NodeJS.Timeout | undefined;
  /** Waits for a quiet moment. */
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  /** Call after each commit with the size of its rows. */
  committed(chars: number): void {
    this.#chars += chars;
    this.#committedAt = performance.now();
    if (this.#chars >= ROW_CHARS && this.#options.path !== ":memory:") this.#copy();
  }

  #copy(): void {
    if (this.#isCopying || this.#isStopped) return;
    this.#chars = 0;
    this.#isCopying = true;
    this.#startedAt = performance.now();
    this.#start().postMessage("copy");
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(workerFile, { workerData: this.#options.path });
    worker.unref();
    worker.on("message", (copied: Copied) => this.#copied(copied));
    worker.on("error", (error) => {
      this.#worker = undefined;
      this.#copied({ error });
    });
    this.#worker = worker;
    return worker;
  }

  #copied(copied: Copied): void {
    const wasHeld = this.#holding !== undefined;
    this.#release();
    this.#isCopying = false;
    if (this.#isStopped) return;
    if (copied.error === undefined) {
      // Nothing is left: the next commit begins the log anew.
      if (copied.isWhole && this.#committedAt < this.#startedAt) return;
      if (copied.logBytes >= this.#options.maxLogBytes && !wasHeld) {
        this.#copyRest();
        return;
      }
    } else this.#options.onError(copied.error);
    this.#copyWhenQuiet();
  }

  /** Each copy leaves what came while it ran, which is less each time. Commits wait for the last, short one only. */
  #copyRest(): void {
    const isShort = performance.now() - this.#startedAt < SHORT_MS;
    if (isShort || ++this.#rests > MOST_RESTS) this.#copyHolding();
    else this.#copy();
  }

  #copyHolding(): void {
    this.#rests = 0;
    this.#options.hold();
    this.#holding = setTimeout(() => this.#release(), HOLD_MS);
    this.#copy();
  }

  #release(): void {
    if (this.#holding === undefined) return;
    clearTimeout(this.#holding);
    this.#holding = undefined;
    this.#options.release();
  }

  #copyWhenQuiet(): void {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => {
      if (performance.now() - this.#committedAt < QUIET_MS) this.#copyWhenQuiet();
      else this.#copy();
    }, QUIET_MS).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#waiting);
    this.#release();
    this.#worker?.terminate();
  }
}
