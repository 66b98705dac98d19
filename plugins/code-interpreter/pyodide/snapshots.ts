import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Log, untilAborted } from "../../../core/index.ts";
import { SNAPSHOT_HEADER_BYTES } from "./child/limits.ts";

/** What a starting child does with the snapshot. */
export type SnapshotUse =
  | { kind: "none" }
  | { kind: "load"; fd: number }
  /** The first child makes the snapshot and reports the outcome. */
  | { kind: "make"; fd: number; made(outcome: Making): Promise<void> };
/** `abandoned`: the start was cancelled, which says nothing about the next one. */
export type Making = "made" | "failed" | "abandoned";

const OWNER_ONLY = 0o600;
const DRAFT = /^python-.*\.snapshot\.[0-9a-f]{16}$/;
/** Milliseconds after which an unfinished snapshot is abandoned. */
const DRAFT_LIFETIME_MS = 60 * 60 * 1000;
const HASH_PART_BYTES = 1024 * 1024;

/**
 * The memory of a Python that has started, in a file that all children load: the first child writes it. A file that is
 * damaged, of another user or of another version is not used but replaced.
 */
export class Snapshots {
  /** The folders where it may be stored, the best first. */
  readonly #folders: readonly string[];
  readonly #name: string;
  readonly #log: Log;
  #file: Promise<FileHandle | undefined> | undefined;
  #useless = false;

  /** @param version of everything that the snapshot depends on */
  constructor(folder: string | undefined, version: string, log: Log) {
    this.#folders = folder === undefined ? [...userCacheFolder(), ownTemporaryFolder()] : [folder];
    this.#name = `python-${version}.snapshot`;
    this.#log = log;
  }

  /** Waits while another child makes it. Without one a start only takes longer. @throws the signal's reason alone */
  async use(signal: AbortSignal): Promise<SnapshotUse> {
    if (this.#useless) return { kind: "none" };
    if (this.#file) return loading(await untilAborted(this.#file, signal));
    const { promise, resolve } = Promise.withResolvers<FileHandle | undefined>();
    this.#file = promise;
    for (const folder of this.#folders) {
      const kept = await openKept(folder, this.#name);
      if (!kept) continue;
      resolve(kept);
      return loading(kept);
    }
    const draft = await this.#openDraft();
    if (!draft) {
      resolve(undefined);
      return { kind: "none" };
    }
    return {
      kind: "make",
      fd: draft.writable.fd,
      made: async (outcome) => resolve(await this.#keep(draft, outcome)),
    };
  }

  /** Discards the snapshot after a child with it did not start, so that no other child tries it. */
  async giveUp(): Promise<void> {
    this.#useless = true;
    for (const folder of this.#folders)
      if (await isOwn(folder)) await rm(join(folder, this.#name), { force: true }).catch(() => {});
  }

  async close(): Promise<void> {
    this.#useless = true;
    const file = await this.#file;
    if (file) await file.close();
  }

  async #openDraft(): Promise<Draft | undefined> {
    const places = [
      ...this.#folders.map((folder) => ({ folder, keep: true })),
      { folder: tmpdir(), keep: false },
    ];
    for (const { folder, keep } of places) {
      const path = join(folder, `${this.#name}.${randomBytes(8).toString("hex")}`);
      try {
        if (keep) await prepareFolder(folder);
        const writable = await open(path, "wx+", OWNER_ONLY);
        const file = await open(path, "r");
        // If it cannot be stored, it exists while this process keeps it open.
        if (!keep) await rm(path);
        return { writable, file, ...(keep && { path, kept: join(folder, this.#name) }) };
      } catch (error) {
        this.#log.debug({ err: error, folder }, "no place for the snapshot of Python");
      }
    }
    return undefined;
  }

  async #keep({ writable, file, path, kept }: Draft, outcome: Making): Promise<FileHandle | undefined> {
    try {
      if (outcome !== "made") throw new Error(`the child that should make it: ${outcome}`);
      await writable.write(await hashOf(writable), 0, SNAPSHOT_HEADER_BYTES, 0);
      if (path && kept) await rename(path, kept);
      return file;
    } catch (error) {
      await file.close().catch(() => {});
      if (path) await rm(path, { force: true }).catch(() => {});
      if (outcome === "abandoned") this.#file = undefined;
      else {
        this.#useless = true;
        this.#log.warn({ err: error }, "no snapshot of Python: each start takes seconds");
      }
      return undefined;
    } finally {
      await writable.close().catch(() => {});
    }
  }
}

interface Draft {
  writable: FileHandle;
  /** For reading only: children that load it run the code of strangers. */
  file: FileHandle;
  /** Absent if the file no longer has a name. */
  path?: string;
  /** Its path once it is complete. */
  kept?: string;
}

/** Also deletes drafts of gateways that were killed. @throws Error when the folder belongs to another user */
async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!(await isOwn(folder))) throw new Error("the folder belongs to another user, or is open to others");
  for (const name of await readdir(folder)) {
    if (!DRAFT.test(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    // Compares with the date, since file times are dates.
    if (Date.now() - mtimeMs > DRAFT_LIFETIME_MS) await rm(path, { force: true });
  }
}

/** Whether only this user has access to a folder. Checked only in the system's shared temporary folder. */
async function isOwn(folder: string): Promise<boolean> {
  if (dirname(folder) !== tmpdir() || process.getuid === undefined) return true;
  try {
    const found = await lstat(folder);
    return found.isDirectory() && isMine(found) && (found.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

const isMine = ({ uid }: { uid: number }): boolean =>
  process.getuid === undefined || uid === process.getuid();

const loading = (file: FileHandle | undefined): SnapshotUse =>
  file ? { kind: "load", fd: file.fd } : { kind: "none" };

/** Opens the stored snapshot; `undefined` if there is none that can be trusted. */
async function openKept(folder: string, name: string): Promise<FileHandle | undefined> {
  let file: FileHandle | undefined;
  try {
    if (!(await isOwn(folder))) return undefined;
    file = await open(join(folder, name), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const { uid, mode } = await file.stat();
    const mine = isMine({ uid }) && (process.getuid === undefined || (mode & 0o022) === 0);
    const header = Buffer.alloc(SNAPSHOT_HEADER_BYTES);
    await file.read(header, 0, SNAPSHOT_HEADER_BYTES, 0);
    if (mine && header.equals(await hashOf(file))) return file;
  } catch {
    // Treated as missing.
  }
  await file?.close().catch(() => {});
  return undefined;
}

/** SHA-256 of what follows the header. */
async function hashOf(file: FileHandle): Promise<Buffer> {
  const hash = createHash("sha256");
  const part = Buffer.alloc(HASH_PART_BYTES);
  for (let at = SNAPSHOT_HEADER_BYTES; ; ) {
    const { bytesRead } = await file.read(part, 0, part.length, at);
    if (bytesRead === 0) return hash.digest();
    hash.update(part.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** Empty for a user without an account entry and a home. */
function userCacheFolder(): string[] {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  try {
    if (process.platform === "win32") return [join(LOCALAPPDATA || homedir(), "vr-gateway")];
    if (process.platform === "darwin") return [join(homedir(), "Library", "Caches", "vr-gateway")];
    return [join(XDG_CACHE_HOME || join(homedir(), ".cache"), "vr-gateway")];
  } catch {
    return [];
  }
}

/** For users without a writable home, as services and containers often have. */
const ownTemporaryFolder = (): string => join(tmpdir(), `vr-gateway-${process.getuid?.() ?? "cache"}`);
