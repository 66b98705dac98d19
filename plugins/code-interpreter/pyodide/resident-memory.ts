import { readFileSync } from "node:fs";

/** The page size of every Linux that Node runs on, but for a few ARM kernels, where this only reads too little. */
const PAGE_BYTES = 4096;

/**
 * Reads how much memory a child holds. The child of a wrapper is the wrapper's child, which is looked up until found.
 *
 * @param pid of what was started
 * @param wrapped whether that is a wrapper, which waits for the child
 * @returns a function that gives bytes; `undefined` where that is not known: not on Linux, or gone
 */
export function residentMemoryOf(pid: number, wrapped: boolean): () => number | undefined {
  let real = wrapped ? undefined : pid;
  return () => {
    if (process.platform !== "linux") return undefined;
    try {
      real ??= firstChildOf(pid);
      if (real === undefined) return undefined;
      const pages = Number(readFileSync(`/proc/${real}/statm`, "latin1").split(" ")[1]);
      return Number.isFinite(pages) ? pages * PAGE_BYTES : undefined;
    } catch {
      return undefined;
    }
  };
}

/** @throws when `pid` is gone */
export function firstChildOf(pid: number): number | undefined {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ");
  return first ? Number(first) : undefined;
}
