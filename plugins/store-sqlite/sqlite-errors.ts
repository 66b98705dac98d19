import { ConfigError, isVrError, StoreError, type VrError } from "../../core/index.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html) that the operator can do something about. */
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
  [CODES.tooBig]: "the response is larger than a row in SQLite can be (1 GB)",
  [CODES.notADatabase]: "it is not an SQLite database; give another path (VR_DB_PATH), or move the file away",
};

/** Errors that another path or other rights would not fix. They may pass, so they are not configuration errors. */
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

/** The error of a failed operation. `doing` completes "cannot …": `read response "resp_1"`. */
export function toStoreError(path: string, doing: string, error: unknown): VrError {
  if (isVrError(error)) return error;
  return new StoreError(`cannot ${doing}: database ${path}: ${reason(error)}`, { cause: error });
}

/** The error at the start: a wrong path, missing rights or a foreign file is a configuration error. */
export function toSetupError(path: string, error: unknown): VrError {
  if (isVrError(error)) return error;
  const code = primaryCode(error);
  if (code !== undefined && PASSING.includes(code)) return toStoreError(path, "open the store", error);
  return new ConfigError(`store-sqlite: cannot use ${path}: ${reason(error)}`, { cause: error });
}

/** The error for a file-system error, whose own message does not say what to do and may lack the path. */
export function toPathError(path: string, error: unknown): VrError {
  const message = error instanceof Error ? error.message : String(error);
  return new ConfigError(
    `store-sqlite: cannot create or write ${path}: ${message}; ` +
      "set VR_DB_PATH or the option path to a file in a directory that the user who runs vr may write",
    { cause: error },
  );
}
