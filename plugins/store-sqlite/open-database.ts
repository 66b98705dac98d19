import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigError, StoreError } from "../../core/index.ts";
import { isBusy, toPathError, toSetupError } from "./sqlite-errors.ts";

/** `PRAGMA user_version` of the tables below. */
export const SCHEMA_VERSION = 2;

/**
 * Times are milliseconds since the Unix epoch; `expires` is `NEVER` for rows that stay. `items` stands before
 * `response`, since SQLite reads a row from its start and a history wants the items only.
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

/** Since version 2: items whose ids do not name their response. They go when it goes. */
const ITEM_IDS = `
  CREATE TABLE item_ids (
    id TEXT PRIMARY KEY NOT NULL,
    response TEXT NOT NULL REFERENCES responses (id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX item_ids_by_response ON item_ids (response);
`;

/** `expires` of a row without end. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** At most 64 MiB: the rows of the conversations in progress stay in memory. Negative counts KiB. */
const CACHE = "PRAGMA cache_size = -65536";

/** Milliseconds. */
const RETRY_MS = 10;

/**
 * Opens the database, makes it (and its directory, for its user only) if there is none, and brings it to
 * `SCHEMA_VERSION`.
 * @throws ConfigError when the path cannot be used, StoreError when the database is locked, damaged or newer
 */
export function openDatabase(path: string, busyTimeoutMs: number): DatabaseSync {
  if (path !== ":memory:") createPrivateFile(path);
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return tryToOpen(path, busyTimeoutMs);
    } catch (error) {
      // SQLite does not wait for processes that turn WAL on for the same new file at the same time.
      if (!isBusy(error) || performance.now() >= deadline) throw toSetupError(path, error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

function tryToOpen(path: string, busyTimeoutMs: number): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    // The page size counts only for a new file, and only before WAL is on.
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
  // Looked at again under the lock: another process may have been quicker.
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
