import { Worker } from "node:worker_threads";

/** Bytes of the write-ahead log, as estimated, after which it is copied into the database. */
const LOG_BYTES = 48 * 1024 * 1024;
/** A commit writes each page that it changes. Measured: twice its characters, and at least four pages of 4 KiB. */
const BYTES_PER_CHAR = 2;
const BYTES_PER_COMMIT = 16 * 1024;
/** After this many milliseconds without a commit, the rest of the log is copied. */
const QUIET_MS = 250;
/** A copy this short (milliseconds) leaves little to copy; and how many copies are tried to get there. */
const SHORT_MS = 30;
const MOST_RESTS = 4;
/** Most milliseconds that writes wait for the rest of a log that is too long. */
const HOLD_MS = 1_000;

const workerFile = new URL(
  `./checkpoint-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** The outcome of a copy. `isWhole`: everything that was in the log at its start is in the database. */
export type Copied = { isWhole: boolean; logBytes: number; error?: undefined } | { error: string | Error };

export interface CheckpointOptions {
  path: string;
  /** With a log of this many bytes, writes wait until it is completely copied. */
  maxLogBytes: number;
  /** Holds commits back until `release`. */
  hold(): void;
  release(): void;
  onError(error: unknown): void;
}

/**
 * Copies the write-ahead log into the database in another thread, since that waits for the disk for tens of
 * milliseconds. The thread starts when the log first grows large, so quiet gateways never have one.
 *
 * SQLite can reuse the log only when all of it is copied, and commits keep adding to it. So the rest is copied in the
 * next quiet moment. If the log exceeds `maxLogBytes` before that, it is copied while commits wait; the event loop does
 * not wait.
 */
export class Checkpoint {
  readonly #options: CheckpointOptions;
  #bytes = 0;
  #committedAt = 0;
  /** When the current copy began. */
  #startedAt = 0;
  #worker: Worker | undefined;
  #isCopying = false;
  #isStopped = false;
  /** The number of successive copies of a log that is too long. */
  #rests = 0;
  /** The timer that releases held commits. */
  #holding: NodeJS.Timeout | undefined;
  /** The timer that waits for a quiet moment. */
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  /** Call after each commit with the size of its rows. */
  committed(chars: number): void {
    this.#bytes += Math.max(chars * BYTES_PER_CHAR, BYTES_PER_COMMIT);
    this.#committedAt = performance.now();
    if (this.#bytes >= LOG_BYTES && this.#options.path !== ":memory:") this.#copy();
  }

  #copy(): void {
    if (this.#isCopying || this.#isStopped) return;
    this.#bytes = 0;
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
      // Everything is copied: the next commit starts the log from its beginning.
      if (copied.isWhole && this.#committedAt < this.#startedAt) return;
      if (copied.logBytes >= this.#options.maxLogBytes && !wasHeld) {
        this.#copyRest();
        return;
      }
    } else this.#options.onError(copied.error);
    this.#copyWhenQuiet();
  }

  /** Each copy leaves only what was committed meanwhile, less each time. Commits wait only for the last, short one. */
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
