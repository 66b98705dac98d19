import { existsSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Log, type Store, type StoredItem, type StoredResponse, StoreError } from "../../core/index.ts";
import { Checkpoint } from "./checkpoint.ts";
import { ItemsCache } from "./items-cache.ts";
import { NEVER, openDatabase } from "./open-database.ts";
import { Purge } from "./purge.ts";
import { toSetupError, toStoreError } from "./sqlite-errors.ts";
import { WriteBatch } from "./write-batch.ts";

const DAY_MS = 86_400_000;
const MAX_LOG_BYTES = 64 * 1024 * 1024;

const PUT = `
  INSERT INTO responses (id, parent, created, expires, items, response) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    parent = excluded.parent, expires = excluded.expires, items = excluded.items, response = excluded.response`;

const GET = "SELECT parent, items, response FROM responses WHERE id = ? AND expires > ?";

/** Each response's parent, from the newest to the oldest. If the last row has a parent, the chain is broken. */
const CHAIN = `
  WITH RECURSIVE chain (parent) AS (
    SELECT parent FROM responses WHERE id = ? AND expires > ?
    UNION ALL
    SELECT older.parent FROM chain JOIN responses AS older ON older.id = chain.parent WHERE older.expires > ?
  )
  SELECT parent FROM chain`;

const ITEMS = "SELECT items FROM responses WHERE id = ?";

const PUT_ITEM_ID = "INSERT OR REPLACE INTO item_ids (id, response) VALUES (?, ?)";

const RESPONSE_OF_ITEM = `
  SELECT responses.id FROM item_ids JOIN responses ON responses.id = item_ids.response
  WHERE item_ids.id = ? AND expires > ?`;

const DELETE = "DELETE FROM responses WHERE id = ? AND expires > ?";

export interface SqliteStoreOptions {
  /** The path of the file, or `:memory:`. */
  path: string;
  /** Days until a response is deleted, counted from its last write; 0: never. Default: 30, as at OpenAI. */
  ttlDays?: number | undefined;
  /** Milliseconds to wait for another process's lock. This blocks the event loop. Default: 2000. */
  busyTimeoutMs?: number | undefined;
  /** With a write-ahead log of this many bytes, commits wait until it is copied; 64 MiB by default. */
  maxLogBytes?: number | undefined;
  /** Logs what no request notices, such as expired rows that cannot be purged. */
  log?: Log | undefined;
}

/** Opens the database at once. @throws ConfigError, StoreError: see `openDatabase` */
export function createSqliteStore(options: SqliteStoreOptions): Store {
  const db = openDatabase(options.path, options.busyTimeoutMs ?? 2_000);
  try {
    return new SqliteStore(db, options);
  } catch (error) {
    db.close();
    throw toSetupError(options.path, error);
  }
}

export class SqliteStore implements Store {
  readonly name = "sqlite";
  readonly details: { path: string; ttlDays: number };
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #ttlMs: number;
  readonly #get: StatementSync;
  readonly #chain: StatementSync;
  readonly #items: StatementSync;
  readonly #responseOfItem: StatementSync;
  readonly #cache = new ItemsCache();
  readonly #delete: StatementSync;
  readonly #writes: WriteBatch;
  readonly #purge: Purge;
  readonly #checkpoint: Checkpoint;

  constructor(
    db: DatabaseSync,
    { path, ttlDays = 30, maxLogBytes = MAX_LOG_BYTES, log }: SqliteStoreOptions,
  ) {
    this.#db = db;
    this.#path = path;
    this.details = { path, ttlDays };
    // The column takes only whole numbers.
    this.#ttlMs = Math.ceil(ttlDays * DAY_MS);
    this.#get = db.prepare(GET);
    this.#chain = db.prepare(CHAIN);
    this.#items = db.prepare(ITEMS);
    this.#responseOfItem = db.prepare(RESPONSE_OF_ITEM);
    this.#get.setReturnArrays(true);
    this.#chain.setReturnArrays(true);
    this.#items.setReturnArrays(true);
    this.#delete = db.prepare(DELETE);
    this.#purge = new Purge(db, {
      onError: (error) => log?.warn({ err: error }, `store-sqlite cannot purge ${path}`),
      onJump: (ms) =>
        log?.warn({ ms }, `store-sqlite postpones the purge of ${path} by a minute: the date jumped`),
    });
    this.#writes = new WriteBatch(db, db.prepare(PUT), db.prepare(PUT_ITEM_ID), (chars) =>
      this.#checkpoint.committed(chars),
    );
    this.#checkpoint = new Checkpoint({
      path,
      maxLogBytes,
      hold: () => this.#writes.hold(),
      release: () => this.#writes.release(),
      onError: (error) =>
        log?.warn({ err: error }, `store-sqlite cannot copy the write-ahead log of ${path}`),
    });
  }

  async putResponse({
    response,
    responseJson,
    items,
    previousId,
    itemIds = [],
  }: StoredResponse): Promise<void> {
    const { id } = response;
    try {
      this.#assertOpen();
      const now = Date.now();
      const expires = this.#ttlMs === 0 ? NEVER : now + this.#ttlMs;
      // Encoded at once, so that later changes to the record are not stored.
      const itemsJson = JSON.stringify(items);
      const json = responseJson ?? JSON.stringify(response);
      this.#cache.forget(id);
      const owned = itemIds.map((itemId) => [itemId, id]);
      await this.#writes.add([id, previousId ?? null, now, expires, itemsJson, json], owned);
    } catch (error) {
      throw toStoreError(this.#path, `store response "${id}"`, error);
    }
  }

  getResponse(id: string): StoredResponse | undefined {
    return this.#attempt(`read response "${id}"`, () => {
      const row = this.#get.get(id, Date.now()) as unknown as [string | null, string, string] | undefined;
      if (!row) return undefined;
      const [parent, items, response] = row;
      const record: StoredResponse = { response: JSON.parse(response), items: JSON.parse(items) };
      return parent === null ? record : { ...record, previousId: parent };
    });
  }

  getHistory(id: string): StoredItem[][] | undefined {
    return this.#attempt(`read the history of response "${id}"`, () => {
      const now = Date.now();
      const parents = this.#chain.all(id, now, now) as unknown as [string | null][];
      if (parents.at(-1)?.[0] !== null) return undefined;
      const history: StoredItem[][] = [];
      for (let i = 0; i < parents.length; i++) {
        const items = this.#itemsOf(i === 0 ? id : (parents[i - 1]?.[0] as string));
        if (!items) return undefined;
        history.push([...items]);
      }
      return history.reverse();
    });
  }

  /** The items of a response; `undefined` if another process has deleted it since the chain was read. */
  #itemsOf(id: string): readonly StoredItem[] | undefined {
    const known = this.#cache.get(id);
    if (known) return known;
    const row = this.#items.get(id) as unknown as [string] | undefined;
    if (!row) return undefined;
    const [json] = row;
    const items: StoredItem[] = JSON.parse(json);
    this.#cache.keep(id, items, json.length);
    return items;
  }

  responseOfItem(itemId: string): string | undefined {
    return this.#attempt(`look for item "${itemId}"`, () => {
      const row = this.#responseOfItem.get(itemId, Date.now());
      return row?.id as string | undefined;
    });
  }

  deleteResponse(id: string): boolean {
    return this.#attempt(`delete response "${id}"`, () => {
      this.#writes.flush();
      this.#cache.forget(id);
      return this.#delete.run(id, Date.now()).changes > 0;
    });
  }

  check(): void {
    this.#attempt("check the store", () => {
      this.#db.prepare("SELECT id FROM responses LIMIT 1").get();
      // Writes a page, so that a full or read-only disk is noticed before a response is lost.
      this.#db.exec("PRAGMA application_id = 0");
      // SQLite can still write to an open file that was removed, but the data would be lost.
      if (this.#path !== ":memory:" && !existsSync(this.#path))
        throw new Error("the file is gone; restart vr");
    });
  }

  /** Writes all waiting rows, then closes. A second call does nothing. */
  close(): void {
    if (!this.#db.isOpen) return;
    this.#purge.stop();
    this.#checkpoint.stop();
    this.#writes.flush();
    this.#db.close();
  }

  #attempt<T>(doing: string, action: () => T): T {
    try {
      this.#assertOpen();
      return action();
    } catch (error) {
      throw toStoreError(this.#path, doing, error);
    }
  }

  #assertOpen(): void {
    if (!this.#db.isOpen) throw new StoreError(`the store on ${this.#path} is closed`);
  }
}
