import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROBE } from "./child/limits.ts";
import type { Stack } from "./stack.ts";

/** MiB of the child's JavaScript heap, in which neither Python's memory nor its files lie. */
const HEAP_MIB = 192;

/** Where the child's code and Python lie; real paths, since permissions are checked against these. */
export interface PythonPaths {
  /** The folder of the child's code, and the file in it that runs. */
  readonly childFolder: string;
  readonly main: string;
  /** The folder of the `pyodide` package. */
  readonly packageFolder: string;
  readonly packageVersion: string;
}

/** @throws Error when the package is not installed */
export function findPythonPaths(): PythonPaths {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("pyodide/package.json");
  const here = fileURLToPath(import.meta.url);
  const childFolder = realpathSync(join(dirname(here), "child"));
  return {
    childFolder,
    // TypeScript in a checkout, JavaScript in the built package.
    main: join(childFolder, `main${extname(here)}`),
    packageFolder: realpathSync(dirname(manifest)),
    packageVersion: require("pyodide/package.json").version,
  };
}

/** What ends with 0 where a child can be run. */
export const probeCommand = (places: PythonPaths): string[] => [
  ...nodeCommand(places),
  places.main,
  PROBE,
  places.packageFolder,
];

/** Node with nothing permitted but to read Python and the child's code, and without code made of strings. */
export const nodeCommand = ({ childFolder, packageFolder }: PythonPaths, stack?: Stack): string[] => [
  process.execPath,
  "--permission",
  `--allow-fs-read=${childFolder}`,
  `--allow-fs-read=${packageFolder}`,
  "--disallow-code-generation-from-strings",
  "--disable-sigusr1",
  "--no-warnings",
  // For the memory of files alone; it is taken off the global object like all else.
  "--expose-gc",
  `--max-old-space-size=${HEAP_MIB}`,
  ...(stack ? [`--stack-size=${stack.v8KiB}`] : []),
];
