import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first `node` on the PATH that is older than 24. */
export function olderNode(): string | undefined {
  const found = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "node"));
  return found.filter(existsSync).find((node) => {
    const major = /^v(\d+)/.exec(execFileSync(node, ["--version"], { encoding: "utf8" }))?.[1];
    return Number(major) < 24;
  });
}
