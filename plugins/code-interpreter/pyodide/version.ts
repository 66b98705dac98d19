import { createHash } from "node:crypto";
import { PRELUDE } from "./child/prelude.ts";
import type { PythonPaths } from "./command.ts";

/** The version of what a snapshot holds: the package, and Python's side of the child. */
export const versionOf = ({ packageVersion }: PythonPaths): string =>
  `${packageVersion}-${createHash("sha256").update(PRELUDE).digest("hex").slice(0, 16)}`;
