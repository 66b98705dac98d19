import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Rows of one purge: a few milliseconds at most, in which the event loop stands. */
const BATCH = 100;
const PAUSE_MS = 60_000;
/** After a full batch, since there may be more. */
const SHORT_PAUSE_MS = 100;

/** Deletes expired rows, a few at a time, between requests. The timer keeps no process alive. */
export class Purge {
  readonly #delete: StatementSync;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(db: DatabaseSync, onError: (error: unknown) => void) {
    this.#delete = db.prepare(
      `DELETE FROM responses WHERE rowid IN (SELECT rowid FROM responses WHERE expires <= ? LIMIT ${BATCH})`,
    );
    this.#onError = onError;
    this.#schedule(PAUSE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => this.#run(), ms);
    this.#timer.unref();
  }

  #run(): void {
    let pause = PAUSE_MS;
    try {
      if (this.#delete.run(Date.now()).changes === BATCH) pause = SHORT_PAUSE_MS;
    } catch (error) {
      this.#onError(error);
    }
    this.#schedule(pause);
  }
}
