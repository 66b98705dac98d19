import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Worker } from "node:worker_threads";

/** Characters of rows after which the write-ahead log, about twice as large, is copied into the database. */
const ROW_CHARS = 24 * 1024 * 1024;

const workerFile = new URL(
  `./checkpoint-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/**
 * Copies the write-ahead log into the database in another thread, since that waits for the disk for tens of
 * milliseconds. The thread starts when the log first grows large, so quiet gateways never have one. What
 * came meanwhile, which is little, this thread copies at the end, so that the log begins anew.
 */
export class Checkpoint {
  readonly #path: string;
  readonly #finish: StatementSync;
  readonly #onError: (error: unknown) => void;
  #chars = 0;
  #worker: Worker | undefined;
  #busy = false;
  #stopped = false;

  constructor(db: DatabaseSync, path: string, onError: (error: unknown) => void) {
    this.#path = path;
    this.#finish = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    this.#onError = onError;
  }

  /** Call after each commit with the size of its rows. */
  committed(chars: number): void {
    this.#chars += chars;
    if (this.#chars < ROW_CHARS || this.#busy || this.#path === ":memory:") return;
    this.#chars = 0;
    this.#busy = true;
    this.#start().postMessage("checkpoint");
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(workerFile, { workerData: this.#path });
    worker.unref();
    worker.on("message", ({ error }: { error?: string }) => this.#copied(error));
    worker.on("error", (error) => {
      this.#worker = undefined;
      this.#copied(error);
    });
    this.#worker = worker;
    return worker;
  }

  /** Also after a failure: then all of it is copied here. */
  #copied(error: unknown): void {
    if (this.#stopped) return;
    if (error) this.#onError(error);
    try {
      this.#finish.get();
    } catch (failure) {
      this.#onError(failure);
    }
    this.#busy = false;
  }

  stop(): void {
    this.#stopped = true;
    this.#worker?.terminate();
  }
}
