import { readFileSync } from "node:fs";

/**
 * How deep C code may nest in a child. Python checks the stack in its own memory and raises RecursionError at its end.
 * But the frames lie in the process's stack, and the process dies at the end of that one. So Python's is made to end
 * first.
 */
export interface Stack {
  /** Bytes of the process's stack. */
  readonly processBytes: number;
  /** KiB of the process's stack that V8 may use. */
  readonly v8KiB: number;
  /** Bytes of Python's stack. */
  readonly pythonBytes: number;
}

const MIB = 1024 * 1024;
/** Python does not check the depth of deallocation (of nested lists, for example): a million levels need this much. */
const DEEP: Stack = { processBytes: 256 * MIB, v8KiB: 250_000, pythonBytes: 4 * MIB };
/** The default stack of a process on Linux. */
const USUAL: Stack = { processBytes: 8 * MIB, v8KiB: 7_000, pythonBytes: 160 * 1024 };

/** For a child whose limits can be raised. `undefined` if the system does not allow this much. */
export const deepStack = (): Stack | undefined =>
  stackLimits().hard >= DEEP.processBytes ? DEEP : undefined;

/** For a child with this process's limits. `undefined` if they are lower or unknown; V8's default then applies. */
export const usualStack = (): Stack | undefined =>
  stackLimits().soft >= USUAL.processBytes ? USUAL : undefined;

/** Limits in bytes; 0 if the system does not report them. */
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
