import { pathToFileURL } from "node:url";
import type { ChildSettings } from "../messages.ts";
import { PRELUDE, PRELUDE_FILE, PRELUDE_NAME } from "./prelude.ts";

/** What the child uses of Emscripten's file system. */
export interface FileSystem {
  readdir(path: string): string[];
  lstat(path: string): { mode: number; size: number; mtime: Date };
  isFile(mode: number): boolean;
  isDir(mode: number): boolean;
  open(path: string, flags: string): object;
  close(stream: object): void;
  read(stream: object, into: Uint8Array, offset: number, length: number): number;
  mkdirTree(path: string): void;
  chdir(path: string): void;
  makedev(major: number, minor: number): number;
  registerDevice(device: number, operations: object): void;
  mkdev(path: string, mode: number, device: number): void;
  /** Whether modes count. */
  ignorePermissions: boolean;
  readonly root: FileNode;
  readonly ErrnoError: new (errno: number) => Error;
  filesystems: { MEMFS: MemoryFiles };
}

/** Where a file's bytes are allocated: within JavaScript, not within Python's memory. */
interface MemoryFiles {
  expandFileStorage(node: FileNode, bytes: number): void;
  resizeFileStorage(node: FileNode, bytes: number): void;
}
/** A file's bytes, or a folder's entries by name. */
export interface FileNode {
  contents?: Uint8Array | Record<string, FileNode>;
}

interface PythonTuple {
  get(index: number): (argument?: string) => string;
}

/** What the child uses of Pyodide. */
export interface Pyodide {
  FS: FileSystem;
  readonly _api: { config: object };
  readonly ERRNO_CODES: Record<string, number>;
  globals: { get(name: string): PythonTuple };
  runPython(code: string, options: { filename: string }): unknown;
  setStdin(options: { error: boolean } | { stdin: () => null }): void;
  setStdout(options: { write(bytes: Uint8Array): number }): void;
  setStderr(options: { write(bytes: Uint8Array): number }): void;
  setInterruptBuffer(buffer: object): void;
  makeMemorySnapshot(): Uint8Array;
}

export const WORKING_FOLDER = "/mnt/data";

export interface StartedPython {
  pyodide: Pyodide;
  /** Takes away what leads from Python to JavaScript. */
  seal(): void;
  /** @returns "finished" or "raised" */
  execute(code: string): string;
}

/** Starts Python from the package's folder, `snapshot` in place of doing again what a start does. */
export async function startPython(
  { packageFolder, snapshot }: ChildSettings,
  saved: Uint8Array | undefined,
): Promise<StartedPython> {
  const { loadPyodide } = await import(pathToFileURL(`${packageFolder}/pyodide.mjs`).href);
  const pyodide: Pyodide = await loadPyodide({
    indexURL: `${packageFolder}/`,
    env: { HOME: WORKING_FOLDER },
    // Python's module `js` is this: nothing.
    jsglobals: Object.create(null),
    // Absent, it is the path of this file.
    _sysExecutable: "python",
    // Its own would use the process's streams, which then no longer block.
    stdin: () => null,
    stdout: () => {},
    stderr: () => {},
    _makeSnapshot: snapshot === "make",
    ...(saved && { _loadSnapshot: saved }),
  });
  // It keeps its options, of which this one is tens of MiB.
  Reflect.deleteProperty(pyodide._api.config, "_loadSnapshot");
  if (!saved) pyodide.runPython(PRELUDE, { filename: PRELUDE_FILE });
  return {
    pyodide,
    // Looked up when called: a snapshot is made before Python's functions have counterparts here.
    seal: () => void pyodide.globals.get(PRELUDE_NAME).get(0)(),
    execute: lazily(() => pyodide.globals.get(PRELUDE_NAME).get(1)),
  };
}

function lazily(find: () => (code: string) => string): (code: string) => string {
  let found: ((code: string) => string) | undefined;
  return (code) => {
    found ??= find();
    return found(code);
  };
}
