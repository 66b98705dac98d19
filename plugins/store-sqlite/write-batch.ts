import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

type Row = readonly SQLInputValue[];

interface Write {
  row: Row;
  further: readonly Row[];
  resolve: () => void;
  reject: (error: unknown) => void;
  /** Why SQLite refused this row. */
  refused?: unknown;
}

/** Milliseconds between commits while rows come from several requests at once. */
const APART_MS = 2;

/**
 * Commits several rows in one transaction, since a commit costs more than a row. While rows come one by one, each is
 * committed at the end of the current pass of the event loop. Otherwise a commit comes `APART_MS` after the last one,
 * so that rows can gather. Each promise settles after the commit. If the commit fails, all rows of the batch are
 * rejected. If SQLite refuses a single row, only that row is rejected.
 */
export class WriteBatch {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #insertFurther: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #onCommit: (chars: number) => void;
  #waiting: Write[] = [];
  #committedAt = Number.NEGATIVE_INFINITY;
  /** Whether the last commit had more than one row. */
  #crowded = false;
  #isHeld = false;

  /** `insertFurther`: inserts the rows that belong to a row, after it. */
  constructor(
    db: DatabaseSync,
    insert: StatementSync,
    insertFurther: StatementSync,
    onCommit: (chars: number) => void = () => {},
  ) {
    this.#db = db;
    this.#insertFurther = insertFurther;
    this.#onCommit = onCommit;
    this.#insert = insert;
    // IMMEDIATE takes the write lock at once, so the busy timeout applies to BEGIN and never to COMMIT.
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
  }

  add(row: Row, further: readonly Row[] = []): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) this.#schedule();
      this.#waiting.push({ row, further, resolve, reject });
    });
  }

  /** Stops commits until `release`, except by an explicit `flush`. Rows are collected meanwhile. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.flush();
  }

  #schedule(): void {
    if (this.#isHeld) return;
    if (!this.#crowded || performance.now() - this.#committedAt >= APART_MS)
      setImmediate(() => this.#flushInTurn());
    else setTimeout(() => this.#flushInTurn(), APART_MS);
  }

  #flushInTurn(): void {
    if (!this.#isHeld) this.flush();
  }

  /** Commits all waiting rows now. */
  flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      this.#begin.run();
      for (const write of batch) this.#runRow(write);
      this.#commit.run();
    } catch (error) {
      for (const write of batch) write.reject(error);
      this.#rollback();
      return;
    }
    this.#committedAt = performance.now();
    this.#crowded = batch.length > 1;
    for (const write of batch) {
      if (write.refused === undefined) write.resolve();
      else write.reject(write.refused);
    }
    this.#onCommit(batch.reduce((chars, write) => chars + charsOf(write.row), 0));
  }

  #runRow(write: Write): void {
    try {
      this.#insert.run(...write.row);
      for (const row of write.further) this.#insertFurther.run(...row);
    } catch (error) {
      // After some errors (disk full, I/O) SQLite rolls back the whole transaction itself.
      if (!this.#db.isTransaction) throw error;
      write.refused = error;
    }
  }

  #rollback(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
    } catch {
      // The transaction stays open: the next BEGIN fails and says so.
    }
  }
}

function charsOf(row: Row): number {
  let chars = 0;
  for (const value of row) if (typeof value === "string") chars += value.length;
  return chars;
}
