import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

type Row = readonly SQLInputValue[];

interface Write {
  row: Row;
  resolve: () => void;
  reject: (error: unknown) => void;
  /** Why this row alone was not taken. */
  refused?: unknown;
}

/**
 * Rows that come in one pass of the event loop are committed in one transaction: a commit costs more than a
 * row. Each promise settles after the commit. When the commit fails every row of the batch is rejected; a
 * row that SQLite refuses by itself is rejected alone.
 */
export class WriteBatch {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #waiting: Write[] = [];

  constructor(db: DatabaseSync, insert: StatementSync) {
    this.#db = db;
    this.#insert = insert;
    // IMMEDIATE takes the write lock at once: the busy timeout then applies to BEGIN, never to COMMIT.
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
  }

  add(row: Row): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ row, resolve, reject });
    });
  }

  /** Commits what waits, now. */
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
    for (const write of batch) {
      if (write.refused === undefined) write.resolve();
      else write.reject(write.refused);
    }
  }

  #runRow(write: Write): void {
    try {
      this.#insert.run(...write.row);
    } catch (error) {
      // On some errors (disk full, I/O) SQLite rolls back the whole transaction by itself.
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
