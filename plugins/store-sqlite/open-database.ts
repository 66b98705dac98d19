import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigError, StoreError } from "../../core/index.ts";
import { isBusy, toPathError, toSetupError } from "./sqlite-errors.ts";

/** `PRAGMA user_version` of the tables below. */
export const SCHEMA_VERSION = 2;

/**
 * Times are milliseconds since the Unix epoch; `expires` is `NEVER` for rows that stay. `items` comes before
 * `response`, since SQLite reads a row from its start and a history needs only the items.
 */
const SCHEMA = `
  CREATE TABLE responses (
    id TEXT PRIMARY KEY NOT NULL,
    parent TEXT,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    items TEXT NOT NULL,
    response TEXT NOT NULL
  ) STRICT;
  CREATE INDEX responses_by_expiry ON responses (expires);
`;

/** Since version 2: the items whose ids do not contain their response's id. They are deleted with the response. */
const ITEM_IDS = `
  CREATE TABLE item_ids (
    id TEXT PRIMARY KEY NOT NULL,
    response TEXT NOT NULL REFERENCES responses (id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX item_ids_by_response ON item_ids (response);
`;

/** The value of `expires` for rows that never expire. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** At most 64 MiB (a negative number means KiB), so that the rows of current conversations stay in memory. */
const CACHE = "PRAGMA cache_size = -65536";

/** Milliseconds between attempts. */
const RETRY_MS = 10;

/**
 * Opens the database and updates it to `SCHEMA_VERSION`. Creates it if there is none, with its directory, readable by
 * this user only.
 * @throws ConfigError if the path cannot be used, StoreError if the database is locked, damaged or newer
 */
export function openDatabase(path: string, busyTimeoutMs: number): DatabaseSync {
  if (path !== ":memory:") createPrivateFile(path);
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return tryToOpen(path, busyTimeoutMs);
    } catch (error) {
      // SQLite's busy timeout does not apply if processes turn WAL on for the same new file at the same time.
      if (!isBusy(error) || performance.now() >= deadline) throw toSetupError(path, error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

function tryToOpen(path: string, busyTimeoutMs: number): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    // The page size has an effect only for a new file, before WAL is turned on.
    db.exec(
      `PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; ${CACHE}`,
    );
    prepareSchema(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Conversations are private: directory 0700, file 0600. SQLite gives its `-wal` and `-shm` the file's mode. */
function createPrivateFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    throw toPathError(path, error);
  }
}

function prepareSchema(db: DatabaseSync, path: string): void {
  if (userVersion(db) === SCHEMA_VERSION) return;
  // Checked again under the lock, since another process may have been faster.
  db.exec("BEGIN IMMEDIATE");
  const version = userVersion(db);
  if (version > SCHEMA_VERSION)
    throw new StoreError(
      `database ${path} has schema version ${version}, this vr knows versions up to ${SCHEMA_VERSION}: ` +
        "update vr, or set VR_DB_PATH to another file",
    );
  if (version === 0) {
    const tables = db.prepare("SELECT count(*) AS count FROM sqlite_schema").get();
    if (tables?.count !== 0)
      throw new ConfigError(
        `store-sqlite: ${path} is a database of another program; set VR_DB_PATH to another file`,
      );
    db.exec(SCHEMA);
  }
  if (version < 2) db.exec(ITEM_IDS);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec("COMMIT");
}

function userVersion(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}
