import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Most rows deleted at once. This blocks the event loop for a few milliseconds at most. */
const BATCH = 100;
const PAUSE_MS = 60_000;
/** Milliseconds until the next run after a full batch, since there may be more rows. */
const SHORT_PAUSE_MS = 100;

/** Most milliseconds by which the date and the monotonic clock may differ since the last run. */
const MOST_PARTED_MS = 60_000;

export interface PurgeReports {
  onError(error: unknown): void;
  /** A run was skipped because the date jumped by this many milliseconds. */
  onJump(ms: number): void;
}

/**
 * Deletes expired rows, a few at a time, between requests. The timer does not keep the process alive. If the date has
 * jumped since the last run, the run is skipped, so that a clock that is wrong for a moment deletes nothing.
 */
export class Purge {
  readonly #delete: StatementSync;
  readonly #reports: PurgeReports;
  /** The difference between the date and the monotonic clock, in milliseconds. */
  #ahead = Date.now() - performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(db: DatabaseSync, reports: PurgeReports) {
    this.#delete = db.prepare(
      `DELETE FROM responses WHERE rowid IN (SELECT rowid FROM responses WHERE expires <= ? LIMIT ${BATCH})`,
    );
    this.#reports = reports;
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
    const ahead = Date.now() - performance.now();
    const jumped = ahead - this.#ahead;
    this.#ahead = ahead;
    if (Math.abs(jumped) > MOST_PARTED_MS) {
      this.#reports.onJump(Math.round(jumped));
      this.#schedule(pause);
      return;
    }
    try {
      if (this.#delete.run(Date.now()).changes === BATCH) pause = SHORT_PAUSE_MS;
    } catch (error) {
      this.#reports.onError(error);
    }
    this.#schedule(pause);
  }
}
