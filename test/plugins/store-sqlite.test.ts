import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Vr } from "../../core/plugin.ts";
import type { Store } from "../../core/store.ts";
import storeSqlite, { createSqliteStore, defaultDatabasePath } from "../../plugins/store-sqlite/index.ts";
import { openDatabase } from "../../plugins/store-sqlite/open-database.ts";
import { SqliteStore } from "../../plugins/store-sqlite/sqlite-store.ts";
import { converse, describeStore, idOf, turn } from "../contract/store.ts";
import { recordingLog } from "../helpers/recording-log.ts";
import { skipUnless } from "../helpers/skip.ts";

const DAY_MS = 86_400_000;
const directories: string[] = [];
const open: { close?(): unknown }[] = [];

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "vr-sqlite-"));
  directories.push(path);
  return path;
}

const file = () => join(directory(), "vr.db");

function track<T extends { close?(): unknown }>(closeable: T): T {
  open.push(closeable);
  return closeable;
}

const sqliteStore = (options: Parameters<typeof createSqliteStore>[0]) => track(createSqliteStore(options));

/** A second connection, which looks at what the store wrote and gets in its way. */
function connect(path: string): { db: DatabaseSync; close(): void } {
  const db = new DatabaseSync(path);
  return track({ db, close: () => db.isOpen && db.close() });
}

/** Transactions in the write-ahead log: frames that carry the database's size (sqlite.org/fileformat.html, 4.1). */
function commitsIn(path: string): number {
  const wal = readFileSync(`${path}-wal`);
  const frame = 24 + wal.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frame <= wal.length; at += frame) if (wal.readUInt32BE(at + 4) !== 0) commits += 1;
  return commits;
}

/** Of the log's header: another one when the log begins anew (sqlite.org/fileformat.html, 4.1). */
const saltOf = (path: string) => readFileSync(`${path}-wal`).subarray(16, 24).toString("hex");

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const closeable of open.splice(0)) await closeable.close?.();
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true });
});

const lengths = ["id", "coalesce(parent, '')", "items", "response"].map((c) => `length(CAST(${c} AS BLOB))`);

describeStore("store-sqlite in a file", ({ ttlDays }) => {
  const path = file();
  const store = sqliteStore({ path, ttlDays });
  const { db } = connect(path);
  const sum = db.prepare(`SELECT coalesce(sum(${lengths.join(" + ")}), 0) AS bytes FROM responses`);
  return { store, bytes: () => Number(sum.get()?.bytes) };
});

describeStore("store-sqlite in memory", ({ ttlDays }) => {
  const db = openDatabase(":memory:", 0);
  const store = track(new SqliteStore(db, { path: ":memory:", ttlDays }));
  const sum = db.prepare(`SELECT coalesce(sum(${lengths.join(" + ")}), 0) AS bytes FROM responses`);
  return { store, bytes: () => Number(sum.get()?.bytes) };
});

describe("writes of store-sqlite", () => {
  it("commits what came in one pass of the event loop in one transaction", async () => {
    const path = file();
    const store = sqliteStore({ path });
    const before = commitsIn(path);
    await Promise.all(Array.from({ length: 32 }, (_, n) => store.putResponse(turn(idOf(n), "q", "a"))));
    expect(commitsIn(path) - before).toBe(1);
    await store.putResponse(turn(idOf(32), "q", "a"));
    await store.putResponse(turn(idOf(33), "q", "a"));
    expect(commitsIn(path) - before).toBe(3);
  });

  it("resolves only when another connection can read the row", async () => {
    const path = file();
    const store = sqliteStore({ path });
    const { db } = connect(path);
    const count = () => db.prepare("SELECT count(*) AS n FROM responses").get()?.n;
    const put = store.putResponse(turn("resp_1", "q", "a"));
    expect(count()).toBe(0);
    await put;
    expect(count()).toBe(1);
  });

  it("rejects a row that SQLite refuses, and that row only", async () => {
    const store = sqliteStore({ path: ":memory:" });
    const bad = { ...turn("resp_bad", "q", "a"), previousId: {} as string };
    const puts = await Promise.allSettled(
      [turn("resp_1", "q", "a"), bad, turn("resp_2", "q", "a")].map(async (record) =>
        store.putResponse(record),
      ),
    );
    expect(puts.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(puts[1]).toMatchObject({ reason: { name: "StoreError" } });
    expect(await store.getResponse("resp_2")).toBeDefined();
  });

  it("rejects every row of a batch whose commit fails, and takes the next batch", async () => {
    const path = file();
    const store = sqliteStore({ path });
    connect(path).db.exec(`
      CREATE TABLE owner (id TEXT PRIMARY KEY);
      CREATE TABLE owned (owner TEXT REFERENCES owner DEFERRABLE INITIALLY DEFERRED);
      CREATE TRIGGER poison AFTER INSERT ON responses WHEN new.id = 'resp_poison'
        BEGIN INSERT INTO owned VALUES ('nobody'); END`);
    const puts = await Promise.allSettled(
      ["resp_1", "resp_poison", "resp_2"].map(async (id) => store.putResponse(turn(id, "q", "a"))),
    );
    for (const put of puts) expect(put).toMatchObject({ status: "rejected", reason: { name: "StoreError" } });
    expect(await store.getResponse("resp_1")).toBeUndefined();
    await store.putResponse(turn("resp_1", "q", "a"));
    expect(await store.getResponse("resp_1")).toBeDefined();
  });

  it("says that the disk is full, and what to do", async () => {
    const path = file();
    const db = openDatabase(path, 0);
    const store = track(new SqliteStore(db, { path }));
    const { page_count: pages } = db.prepare("PRAGMA page_count").get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${pages + 2}`);
    await expect(store.putResponse(turn("resp_1", "q".repeat(100_000), "a"))).rejects.toThrow(
      new RegExp(`cannot store response "resp_1": database ${path}: the disk is full; make room`),
    );
    await store.putResponse(turn("resp_2", "q", "a"));
  });

  const smallDisk = skipUnless(
    spawnSync("unshare", ["-rm", "true"]).status === 0,
    "a small disk takes a mount of its own (unshare)",
    "is not ready when the disk is full, though all can be read",
  );
  it.skipIf(smallDisk.skip)(smallDisk.title, () => {
    const folder = directory();
    const store = pathToFileURL("plugins/store-sqlite/index.ts").href;
    const program = `
      import { writeFileSync } from "node:fs";
      import { createSqliteStore } from ${JSON.stringify(store)};
      const store = createSqliteStore({ path: ${JSON.stringify(join(folder, "vr.db"))} });
      await store.putResponse(${JSON.stringify(turn("resp_1", "q", "a"))});
      store.check();
      try { for (let n = 0; ; n++) writeFileSync(${JSON.stringify(join(folder, "filler"))} + n, "x".repeat(4096)); } catch {}
      if (!store.getResponse("resp_1")) throw new Error("lost");
      try { for (let n = 0; n < 100; n++) store.check(); } catch (error) { console.log(error.message); }`;
    // A small disk of its own, which nobody else sees and which goes with the process.
    const onSmallDisk = `mount -t tmpfs -o size=200k none "$0" && exec "$1" --input-type=module -e "$2"`;
    const args = ["-rm", "sh", "-c", onSmallDisk, folder, process.execPath, program];
    const said = execFileSync("unshare", args, { encoding: "utf8" });
    expect(said).toContain(`cannot check the store: database ${folder}/vr.db: the disk is full`);
  });

  it("says at set-up that another process holds the lock", () => {
    const path = file();
    const { db } = connect(path);
    db.exec("BEGIN EXCLUSIVE");
    expect(() => createSqliteStore({ path, busyTimeoutMs: 30 })).toThrow(
      expect.objectContaining({
        name: "StoreError",
        message: expect.stringMatching(/cannot open the store: database .* another process holds its lock/),
      }),
    );
  });

  it("says that another process holds the lock, and takes the same response later", async () => {
    const path = file();
    const store = sqliteStore({ path, busyTimeoutMs: 1 });
    const { db } = connect(path);
    db.exec("BEGIN IMMEDIATE");
    const record = turn("resp_1", "q", "a");
    await expect(store.putResponse(record)).rejects.toThrow(/another process holds its lock/);
    expect(await store.getResponse("resp_1")).toBeUndefined();
    db.exec("COMMIT");
    await store.putResponse(record);
    expect(await store.getResponse("resp_1")).toEqual(record);
  });

  it("writes what waits before it closes", async () => {
    const path = file();
    const store = createSqliteStore({ path });
    const put = store.putResponse(turn("resp_1", "q", "a"));
    store.close?.();
    await put;
    expect(await sqliteStore({ path }).getResponse("resp_1")).toBeDefined();
  });

  it("deletes a response whose write still waits", async () => {
    const store = sqliteStore({ path: ":memory:" });
    const put = store.putResponse(turn("resp_1", "q", "a"));
    expect(await store.deleteResponse("resp_1")).toBe(true);
    await put;
    expect(await store.getResponse("resp_1")).toBeUndefined();
  });
});

describe("the file of store-sqlite", () => {
  it("keeps conversations over a restart", async () => {
    const path = file();
    const first = createSqliteStore({ path });
    const records = await converse(first, 3);
    await first.close?.();
    const second = sqliteStore({ path });
    expect(await second.getHistory(idOf(2))).toEqual(records.map(({ items }) => items));
  });

  it("lets two processes continue each other's conversations", async () => {
    const path = file();
    const [left, right] = [sqliteStore({ path }), sqliteStore({ path })];
    let previous: string | undefined;
    for (let n = 0; n < 6; n++) {
      await (n % 2 ? left : right).putResponse(turn(idOf(n), `q${n}`, `a${n}`, previous));
      previous = idOf(n);
    }
    expect(await left.getHistory(idOf(5))).toHaveLength(6);
    expect(await right.getHistory(idOf(5))).toEqual(await left.getHistory(idOf(5)));
  });

  it("is made once when several processes open it at the same moment", async () => {
    const path = file();
    const files = 20;
    const plugin = new URL("../../plugins/store-sqlite/index.ts", import.meta.url).href;
    const code = `
      import { existsSync } from "node:fs";
      import { createSqliteStore } from ${JSON.stringify(plugin)};
      const [path, id] = process.argv.slice(1);
      process.stdout.write("ready");
      while (process.connected && !existsSync(path + ".go"));
      for (let n = 0; n < ${files}; n++) {
        const store = createSqliteStore({ path: path + n });
        await store.putResponse({ response: { id }, items: [] });
        store.close();
      }
      process.disconnect();`;
    const ids = [0, 1, 2, 3, 4, 5].map(idOf);
    const children = ids.map((id) =>
      spawn(process.execPath, ["--input-type=module", "-e", code, path, id], {
        stdio: ["ignore", "pipe", "inherit", "ipc"],
      }),
    );
    const ends = children.map((child) => once(child, "exit"));
    await Promise.all(children.map((child) => child.stdout && once(child.stdout, "data")));
    writeFileSync(`${path}.go`, "");
    for (const [exitCode] of await Promise.all(ends)) expect(exitCode).toBe(0);
    for (let n = 0; n < files; n++) {
      const store = sqliteStore({ path: path + n });
      for (const id of ids) expect(await store.getResponse(id)).toBeDefined();
    }
  });

  it.skipIf(process.platform === "win32")("is for its user only, and so is the directory", () => {
    const path = join(directory(), "state", "vr", "vr.db");
    sqliteStore({ path });
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  });

  it("copies a grown write-ahead log into the database while it runs, and begins the log anew", async () => {
    const path = file();
    const store = createSqliteStore({ path });
    const answer = "a".repeat(200_000);
    let longest = 0;
    // The log's file never shrinks: once it has begun anew, 4 MB of writes find room in it.
    for (let n = 0, roomFor = 0; roomFor < 20; n++) {
      if (n === 5_000) throw new Error(`1 GB written, and the log is as long: ${longest} bytes`);
      await store.putResponse(turn(idOf(n), "q", answer));
      const length = statSync(`${path}-wal`).size;
      roomFor = length > longest ? 0 : roomFor + 1;
      longest = Math.max(longest, length);
    }
    expect(statSync(path).size).toBeGreaterThan(8_000_000);
    expect((await store.getHistory(idOf(0)))?.length).toBe(1);
    store.close?.();
  });

  it("copies the log while commits never pause, in another thread, and keeps it short", async () => {
    const path = file();
    const prepare = vi.spyOn(DatabaseSync.prototype, "prepare");
    const exec = vi.spyOn(DatabaseSync.prototype, "exec");
    const maxLogBytes = 64 * 1024 * 1024;
    const store = sqliteStore({ path, maxLogBytes });
    const answer = "a".repeat(100_000);
    let count = 0;
    const write = async () => {
      while (count < 3_000) await store.putResponse(turn(idOf(count++), "q", answer));
    };
    await Promise.all(Array.from({ length: 8 }, write));
    // 300 MB were written, each about twice into the log.
    expect(statSync(`${path}-wal`).size).toBeLessThan(300_000_000);
    for (const id of [0, 1_500, 2_999]) expect(await store.getResponse(idOf(id))).toBeDefined();
    const statements = [...prepare.mock.calls, ...exec.mock.calls].map(([sql]) => sql);
    expect(statements.filter((sql) => /checkpoint\(/.test(sql))).toEqual([]);
  });

  it("copies the log of many small commits too", async () => {
    const path = file();
    const store = sqliteStore({ path });
    expect(statSync(path).size).toBeLessThan(100_000);
    for (let n = 0; n < 3_500; n++) await store.putResponse(turn(idOf(n), "q", "a"));
    await vi.waitFor(() => expect(statSync(path).size).toBeGreaterThan(1_000_000), { timeout: 20_000 });
  });

  it("copies what is left of the log in the next quiet moment", async () => {
    const path = file();
    const store = sqliteStore({ path });
    const answer = "a".repeat(100_000);
    // More than is copied at once, and without a pause: the copy cannot be whole.
    await Promise.all(
      Array.from({ length: 400 }, async (_, n) => store.putResponse(turn(idOf(n), "q", answer))),
    );
    const salt = saltOf(path);
    await vi.waitFor(
      async () => {
        await store.putResponse(turn("resp_small", "q", "a"));
        expect(saltOf(path)).not.toBe(salt);
      },
      { timeout: 20_000, interval: 600 },
    );
  });

  it("purges nothing in the minute in which the date jumps", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout"] });
    const path = file();
    const { log, lines } = recordingLog();
    const store = track(createSqliteStore({ path, ttlDays: 1, log }));
    await store.putResponse(turn("resp_1", "q", "a"));
    const now = Date.now();
    vi.setSystemTime(now + 400 * DAY_MS); // a clock that was set wrong
    vi.advanceTimersByTime(60_000);
    vi.setSystemTime(now + 60_000); // and is right again
    vi.advanceTimersByTime(60_000);
    vi.advanceTimersByTime(60_000);
    expect(await store.getResponse("resp_1")).toBeDefined();
    expect(lines.filter(({ message }) => /the date jumped/.test(message ?? ""))).toHaveLength(2);
  });

  it("loses expired rows, and only those, without any request", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout"] });
    const path = file();
    const store = sqliteStore({ path, ttlDays: 1 });
    const { db } = connect(path);
    const count = () => db.prepare("SELECT count(*) AS n FROM responses").get()?.n;
    await Promise.all(Array.from({ length: 250 }, (_, n) => store.putResponse(turn(idOf(n), "q", "a"))));
    vi.advanceTimersByTime(DAY_MS - 1);
    await store.putResponse(turn("resp_new", "q", "a"));
    expect(count()).toBe(251);
    vi.advanceTimersByTime(1);
    expect(count()).toBe(151);
    vi.advanceTimersByTime(1_000);
    expect(count()).toBe(1);
    expect(await store.getResponse("resp_new")).toBeDefined();
  });

  it("is brought up to date when an older vr has written it, and keeps what it holds", async () => {
    const path = file();
    const record = turn("resp_old", "hi", "hello");
    const old = createSqliteStore({ path });
    await old.putResponse(record);
    old.close?.();
    connect(path).db.exec("DROP TABLE item_ids; PRAGMA user_version = 1"); // as version 1 was
    const store = createSqliteStore({ path });
    expect(await store.getResponse("resp_old")).toEqual(record);
    await store.putResponse({ ...turn("resp_new", "hi", "hello"), itemIds: ["msg_68aa"] });
    expect(store.responseOfItem?.("msg_68aa")).toBe("resp_new");
    store.close?.();
  });

  it("is refused when a newer vr has written it", () => {
    const path = file();
    createSqliteStore({ path }).close?.();
    const { db } = connect(path);
    db.exec("PRAGMA user_version = 3");
    expect(() => createSqliteStore({ path })).toThrow(
      expect.objectContaining({
        name: "StoreError",
        message: expect.stringMatching(/schema version 3, this vr knows versions up to 2: update vr/),
      }),
    );
    expect(db.prepare("PRAGMA user_version").get()?.user_version).toBe(3);
  });

  it("is refused when it belongs to another program", () => {
    const path = file();
    connect(path).db.exec("CREATE TABLE books (title TEXT)");
    expect(() => createSqliteStore({ path })).toThrow(/vr\.db is a database of another program/);
    connect(path).db.exec("PRAGMA user_version = 1");
    expect(() => createSqliteStore({ path })).toThrow(expect.objectContaining({ name: "ConfigError" }));
  });

  it("is refused when it is no database", () => {
    const path = file();
    writeFileSync(path, "these are notes, not tables. ".repeat(100));
    expect(() => createSqliteStore({ path })).toThrow(
      expect.objectContaining({
        name: "ConfigError",
        message: expect.stringMatching(
          new RegExp(`cannot use ${path}: it is not an SQLite database; give another`),
        ),
      }),
    );
  });

  it("is refused where no file can be made, with the path and the cure", () => {
    const notes = join(directory(), "notes.txt");
    writeFileSync(notes, "");
    expect(() => createSqliteStore({ path: join(notes, "vr.db") })).toThrow(
      expect.objectContaining({
        name: "ConfigError",
        message: expect.stringMatching(new RegExp(`${join(notes, "vr.db")}.*set VR_DB_PATH`)),
      }),
    );
    expect(() => createSqliteStore({ path: directory() })).toThrow(/EISDIR.*set VR_DB_PATH/);
  });

  it("fails its reads aloud when it is damaged", async () => {
    const path = file();
    const first = createSqliteStore({ path });
    await converse(first, 100);
    await first.close?.();
    const bytes = readFileSync(path);
    bytes.fill(0xaa, 8192);
    writeFileSync(path, bytes);
    const store = sqliteStore({ path });
    for (const read of [() => store.getResponse(idOf(5)), () => store.getHistory(idOf(99))])
      await expect(async () => read()).rejects.toMatchObject({
        name: "StoreError",
        message: expect.stringMatching(/it is damaged; restore a backup/),
      });
  });

  it("fails its check when it was removed", async () => {
    const path = file();
    const store = sqliteStore({ path });
    await store.check?.();
    rmSync(path);
    expect(() => store.check?.()).toThrow(/the file is gone/);
  });
});

describe("the plugin store-sqlite", () => {
  async function setUp(settings: { VR_DB_PATH?: string }, options?: Parameters<typeof storeSqlite>[0]) {
    const stores: Store[] = [];
    const closers: (() => unknown)[] = [];
    await storeSqlite(options).setup({
      settings: { logLevel: "info", ...settings },
      stores: { use: (store: Store) => stores.push(store) },
      onClose: (close: () => unknown) => closers.push(close),
    } as unknown as Vr);
    const [store] = stores;
    if (!store) throw new Error("no store was set");
    return { store: track(store), closers };
  }

  it("writes to VR_DB_PATH rather than to its own option", async () => {
    const [chosen, option] = [file(), file()];
    const { store } = await setUp({ VR_DB_PATH: chosen }, { path: option });
    await store.putResponse(turn("resp_1", "q", "a"));
    expect(await sqliteStore({ path: chosen }).getResponse("resp_1")).toBeDefined();
    expect(() => statSync(option)).toThrow(/ENOENT/);
  });

  it("closes with the gateway", async () => {
    const { store, closers } = await setUp({}, { path: ":memory:" });
    for (const close of closers) await close();
    expect(() => store.getResponse("resp_1")).toThrow(/is closed/);
  });

  it.each([
    [{ ttlDays: -1 }, "ttlDays"],
    [{ path: "" }, "path"],
    [{ ttl: 3 }, "ttl"],
  ])("refuses %j when the configuration loads", (options, named) => {
    expect(() => storeSqlite(options as object)).toThrow(new RegExp(`plugin "store-sqlite".*${named}`));
  });

  it.each([
    ["linux", { XDG_STATE_HOME: "/state" }, join("/state", "vr", "vr.db")],
    ["linux", { XDG_STATE_HOME: "relative" }, join("/home/ann", ".local", "state", "vr", "vr.db")],
    ["linux", {}, join("/home/ann", ".local", "state", "vr", "vr.db")],
    ["darwin", {}, join("/home/ann", "Library", "Application Support", "vr", "vr.db")],
    ["win32", { LOCALAPPDATA: "/local" }, join("/local", "vr", "vr.db")],
  ] as const)("keeps its file in the state directory of %s with %j", (platform, env, path) => {
    expect(defaultDatabasePath(env, platform, "/home/ann")).toBe(path);
  });

  it("finds the user's own state directory by itself", () => {
    expect(defaultDatabasePath({}, "linux")).toBe(join(homedir(), ".local", "state", "vr", "vr.db"));
  });
});
