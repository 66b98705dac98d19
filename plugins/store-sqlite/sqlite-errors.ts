import { ConfigError, isVrError, StoreError, type VrError } from "../../core/index.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html) that a reader can do something about. */
const CODES = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  notADatabase: 26,
} as const;

const ADVICE: Record<number, string> = {
  [CODES.busy]: "another process holds its lock; end that process, or raise busyTimeoutMs",
  [CODES.locked]: "another connection holds its lock; raise busyTimeoutMs",
  [CODES.readOnly]: "it is read-only; give the user that runs vr the right to write there, or set VR_DB_PATH",
  [CODES.ioError]: "the disk failed to read or write it; check the file system",
  [CODES.corrupt]: "it is damaged; restore a backup, or move the file away to start empty",
  [CODES.full]: "the disk is full; make room, or lower ttlDays",
  [CODES.cannotOpen]: "it cannot be opened; check that the path is right and writable, or set VR_DB_PATH",
  [CODES.tooBig]: "what is to be stored is larger than SQLite takes in one row (1 GB)",
  [CODES.notADatabase]: "it is no SQLite database; give another path (VR_DB_PATH), or move the file away",
};

/** What no other path or right would cure: worth trying again later, so not a mistake of the configuration. */
const PASSING: readonly number[] = [CODES.busy, CODES.locked, CODES.ioError, CODES.full, CODES.corrupt];

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === CODES.busy;
}

function reason(error: unknown): string {
  const code = primaryCode(error);
  const message = error instanceof Error ? error.message : String(error);
  const advice = code === undefined ? undefined : ADVICE[code];
  return advice ? `${advice} (${message})` : message;
}

/** `doing` completes "cannot …": `read response "resp_1"`. */
export function toStoreError(path: string, doing: string, error: unknown): VrError {
  if (isVrError(error)) return error;
  return new StoreError(`cannot ${doing}: database ${path}: ${reason(error)}`, { cause: error });
}

/** At set-up a wrong path, missing rights and a foreign file are mistakes of the configuration. */
export function toSetupError(path: string, error: unknown): VrError {
  if (isVrError(error)) return error;
  const code = primaryCode(error);
  if (code !== undefined && PASSING.includes(code)) return toStoreError(path, "open the store", error);
  return new ConfigError(`store-sqlite: cannot use ${path}: ${reason(error)}`, { cause: error });
}

/** For errors of the file system, whose messages name neither cure nor, always, the path. */
export function toPathError(path: string, error: unknown): VrError {
  const message = error instanceof Error ? error.message : String(error);
  return new ConfigError(
    `store-sqlite: cannot create or write ${path}: ${message}; ` +
      "set VR_DB_PATH or the option path to a file in a directory that the user who runs vr may write",
    { cause: error },
  );
}
