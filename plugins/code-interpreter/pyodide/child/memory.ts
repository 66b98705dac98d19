import type { FileNode, FileSystem } from "./python.ts";

const PAGE_BYTES = 64 * 1024;
/** Bytes of files' former places that are let lie. */
const GARBAGE_BYTES = 64 * 1024 * 1024;

/** The part of it that is used here: it is in no type library but that of browsers. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** @returns pages before */
  grow(this: WasmMemory, pages: number): number;
}
const { WebAssembly: webAssembly, gc: collectGarbage } = globalThis as unknown as {
  /** By `--expose-gc`. */
  gc(): void;
  WebAssembly: { Memory: { prototype: WasmMemory } };
};

/**
 * One budget for Python's memory and its files, of which the latter lie in JavaScript's. Beyond it Python gets a
 * MemoryError, and a write "no space left on device". To be made before Python starts, since it wraps WASM's `grow`.
 */
export class MemoryBudget {
  readonly #bytes: number;
  #python = 0;
  /** Of files. Deleted ones count until the budget is used up and they are counted anew. */
  #files = 0;
  #garbage = 0;
  #root: FileNode | undefined;

  constructor(bytes: number) {
    this.#bytes = bytes;
    const budget = this;
    const { prototype } = webAssembly.Memory;
    const { grow } = prototype;
    prototype.grow = function (pages) {
      budget.#python = this.buffer.byteLength;
      if (!budget.#allows(pages * PAGE_BYTES)) throw new RangeError("memory limit");
      const before = grow.call(this, pages);
      budget.#python = this.buffer.byteLength;
      return before;
    };
  }

  /** @param noSpace makes the file system's error "no space left on device" */
  watchFiles(fs: FileSystem, noSpace: () => Error): void {
    this.#root = fs.root;
    const { MEMFS } = fs.filesystems;
    for (const operation of ["expandFileStorage", "resizeFileStorage"] as const) {
      const allocate = MEMFS[operation];
      MEMFS[operation] = (node, bytes) => {
        const before = lengthOf(node);
        if (bytes > before && !this.#allows(bytes - before)) throw noSpace();
        allocate.call(MEMFS, node, bytes);
        this.#files += lengthOf(node) - before;
        this.#collect(before);
      };
    }
  }

  /** A file that grows is copied: what it was in before would fill the process if it stayed until the engine looks. */
  #collect(garbage: number): void {
    this.#garbage += garbage;
    if (this.#garbage < GARBAGE_BYTES) return;
    this.#garbage = 0;
    collectGarbage();
  }

  #allows(more: number): boolean {
    if (this.#python + this.#files + more <= this.#bytes) return true;
    this.#files = this.#root ? bytesBelow(this.#root) : 0;
    return this.#python + this.#files + more <= this.#bytes;
  }
}

const lengthOf = ({ contents }: FileNode) => (contents instanceof Uint8Array ? contents.length : 0);

/** Bytes of all files of this file system; folders hold their entries as `contents`. */
function bytesBelow(root: FileNode): number {
  let bytes = 0;
  const nodes = [root];
  for (let node = nodes.pop(); node; node = nodes.pop()) {
    if (node.contents instanceof Uint8Array) bytes += node.contents.length;
    else if (node.contents && typeof node.contents === "object") nodes.push(...Object.values(node.contents));
  }
  return bytes;
}
