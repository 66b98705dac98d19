import type { FileNode, FileSystem } from "./python.ts";

const PAGE_BYTES = 64 * 1024;
/** Bytes from which on a file grows in place. */
const LARGE_BYTES = 1024 * 1024;
/** Bytes that files grow by until those that were deleted or overwritten are collected: the engine does not hurry. */
const COLLECT_BYTES = 64 * 1024 * 1024;
/** How much more is allocated than asked for, as Emscripten does. */
const AHEAD = 1.125;

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
  /** Bytes of files. Deleted files count until the budget is used up and the files are counted again. */
  #files = 0;
  /** What files grew by since garbage was collected. */
  #grown = 0;
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
    const { expandFileStorage, resizeFileStorage } = MEMFS;
    const counted = (node: FileNode, bytes: number, allocate: () => void) => {
      const before = lengthOf(node);
      if (bytes > before && !this.#allows(bytes - before)) throw noSpace();
      allocate();
      const more = lengthOf(node) - before;
      this.#files += more;
      this.#grown += Math.max(0, more);
      if (this.#grown >= COLLECT_BYTES) this.#collect();
    };
    MEMFS.expandFileStorage = (node, bytes) =>
      counted(node, bytes, () => {
        if (bytes < LARGE_BYTES) expandFileStorage.call(MEMFS, node, bytes);
        else if (bytes > lengthOf(node)) this.#expand(node, bytes);
      });
    MEMFS.resizeFileStorage = (node, bytes) =>
      counted(node, bytes, () => resizeFileStorage.call(MEMFS, node, bytes));
  }

  /** In place where it can: copies of large files would fill the process until the engine collects them. */
  #expand(node: FileNode, bytes: number): void {
    const before = lengthOf(node);
    const ahead = Math.ceil(before * AHEAD);
    const capacity = ahead > bytes && this.#allows(ahead - before) ? ahead : bytes;
    const contents = node.contents instanceof Uint8Array ? node.contents : new Uint8Array();
    const { buffer } = contents;
    if (buffer instanceof ArrayBuffer && buffer.resizable && capacity <= buffer.maxByteLength) {
      buffer.resize(capacity);
      return;
    }
    // Room for all that may come: of addresses, not of memory.
    const room = new ArrayBuffer(capacity, { maxByteLength: this.#bytes });
    // Has no fixed length: it grows with the buffer.
    node.contents = new Uint8Array(room);
    node.contents.set(contents);
  }

  #collect(): void {
    this.#grown = 0;
    collectGarbage();
  }

  #allows(more: number): boolean {
    if (this.#python + this.#files + more <= this.#bytes) return true;
    const before = this.#files;
    this.#files = this.#root ? bytesBelow(this.#root) : 0;
    if (this.#files < before) this.#collect();
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
