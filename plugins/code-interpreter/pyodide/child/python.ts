import { pathToFileURL } from "node:url";
import type { ChildSettings } from "../messages.ts";
import { Bridge } from "./bridge.ts";
import { takeBuiltinModulesAway } from "./builtin-modules.ts";
import { type Native, NativeFunction } from "./native.ts";
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
  get(index: number): object;
}

/** What the child uses of Pyodide. */
export interface Pyodide {
  FS: FileSystem;
  readonly _api: { config: object };
  readonly _module: Native;
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
  /** Python's version: `3.14.2` */
  version: string;
  /** Takes away what leads from Python to JavaScript. */
  seal(): void;
  execute(code: string): "finished" | "raised";
}

/** Starts Python from the package's folder, `snapshot` in place of doing again what a start does. */
export async function startPython(
  { packageFolder, snapshot, stackBytes }: ChildSettings,
  saved: Uint8Array | undefined,
): Promise<StartedPython> {
  const bridge = new Bridge();
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
  const native = pyodide._module;
  const version = String(
    pyodide.runPython("import platform; platform.python_version()", { filename: PRELUDE_FILE }),
  );
  let functions: Record<"execute" | "report", NativeFunction>;
  return {
    pyodide,
    version,
    // A snapshot is made before JavaScript refers to any Python function.
    seal() {
      const python = pyodide.globals.get(PRELUDE_NAME);
      const [seal, execute, report] = [0, 1, 2].map((at) => new NativeFunction(native, python.get(at)));
      if (!seal || !execute || !report) throw new Error("Python's side of the child is missing");
      functions = { execute, report };
      takeBuiltinModulesAway(native);
      if (seal.call() === undefined) throw new Error("Python could not be sealed");
      if (stackBytes !== undefined) limitStack(native, stackBytes);
      bridge.close();
    },
    execute(code) {
      const { execute, report } = functions;
      const raised = execute.call(code);
      if (raised !== undefined) return raised ? "raised" : "finished";
      if (report.callWithException() === undefined) native._PyErr_Clear();
      return "raised";
    },
  };
}

/** Python's stack must end before the process's, in which the frames of its code lie: see `Stack`. */
function limitStack(native: Native, bytes: number): void {
  const top = native._emscripten_stack_get_base();
  const size = Math.min(bytes, top - native._emscripten_stack_get_end());
  if (native._PyUnstable_ThreadState_SetStackProtection(native._PyThreadState_Get(), top - size, size) !== 0)
    throw new Error("Python's stack could not be limited");
}
