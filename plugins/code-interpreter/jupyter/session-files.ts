import type { SessionFile } from "../runtime.ts";

/** Characters of a path: more than any system takes. */
const LONGEST_PATH = 4096;

/** A path relative to the working directory, below it, with "/", without empty, "." or ".." parts. */
export function isInside(path: string): boolean {
  if (path.length > LONGEST_PATH || /[\0\\]/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** What the kernel says of its files, as far as it can be true; at most `limit`. */
export function toFiles(data: Buffer, limit: number): SessionFile[] {
  const fields = data.toString("utf8").split("\0");
  const files: SessionFile[] = [];
  for (let i = 0; i + 2 < fields.length && files.length < limit; i += 3) {
    const [path = "", bytes, modifiedAt] = [fields[i], Number(fields[i + 1]), Number(fields[i + 2])];
    if (isInside(path) && Number.isSafeInteger(bytes) && bytes >= 0 && Number.isFinite(modifiedAt))
      files.push({ path, bytes, modifiedAt });
  }
  return files;
}
