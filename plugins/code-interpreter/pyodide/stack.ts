import { readFileSync } from "node:fs";

/**
 * How deep C code may nest in a child. Python counts the stack that lies in its own memory and raises RecursionError at
 * its end; the frames themselves lie in the process's stack, whose end nothing survives. So the first is made short.
 */
export interface Stack {
  /** Of the process, in bytes. */
  readonly processBytes: number;
  /** KiB of it that V8 may use. */
  readonly v8KiB: number;
  /** Of Python. */
  readonly pythonBytes: number;
}

const MIB = 1024 * 1024;
/** Deallocation, of lists in lists for instance, counts nothing: a million levels of it need so much. */
const DEEP: Stack = { processBytes: 256 * MIB, v8KiB: 250_000, pythonBytes: 4 * MIB };
/** What Linux gives a process unless told otherwise. */
const USUAL: Stack = { processBytes: 8 * MIB, v8KiB: 7_000, pythonBytes: 160 * 1024 };

/** For a child whose limits are set. `undefined` where so much is not allowed. */
export const deepStack = (): Stack | undefined =>
  stackLimits().hard >= DEEP.processBytes ? DEEP : undefined;

/** For a child that has this process's limits. `undefined` where they are lower or unknown: V8's own default holds. */
export const usualStack = (): Stack | undefined =>
  stackLimits().soft >= USUAL.processBytes ? USUAL : undefined;

/** Bytes; 0 where the system does not tell. */
function stackLimits(): { soft: number; hard: number } {
  try {
    const [, soft, hard] =
      /^Max stack size +(\w+) +(\w+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return { soft: toBytes(soft), hard: toBytes(hard) };
  } catch {
    return { soft: 0, hard: 0 };
  }
}

const toBytes = (limit: string | undefined) =>
  limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit ?? 0);
