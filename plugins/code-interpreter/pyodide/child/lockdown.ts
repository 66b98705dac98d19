import module from "node:module";

/** What remains of the global object: the language itself, and what Emscripten uses while Python runs. */
const KEPT_GLOBALS = new Set(
  (
    "Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise " +
    "RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError globalThis JSON " +
    "Math Intl ArrayBuffer Atomics Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array " +
    "BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array DataView Map BigInt Set Iterator WeakMap " +
    "WeakSet Proxy Reflect FinalizationRegistry WeakRef decodeURI decodeURIComponent encodeURI encodeURIComponent " +
    "escape unescape isFinite isNaN SharedArrayBuffer WebAssembly TextEncoder TextDecoder Buffer"
  ).split(" "),
);

/** What remains of `process` itself, of which Node keeps references: what its own code needs to go on. */
const KEPT_OF_PROCESS = new Set(
  (
    "version versions arch platform release _events _eventsCount _maxListeners domain _exiting exitCode reallyExit " +
    "exit nextTick _tickCallback emitWarning _fatalException hrtime memoryUsage ppid pid umask getuid geteuid getgid " +
    "getegid ref unref constructor execArgv env features permission"
  ).split(" "),
);

/**
 * Removes from JavaScript's global objects everything that reaches beyond the process. If Python's code ever gets
 * access to JavaScript, it finds no sockets, signals or modules. This cannot be undone.
 */
export function lockDown(): void {
  const { process, performance } = globalThis;
  const now = performance.now.bind(performance);
  for (const key of Reflect.ownKeys(process))
    if (typeof key === "string" && !KEPT_OF_PROCESS.has(key)) remove(process, key);
  for (const key of Object.getOwnPropertyNames(globalThis))
    if (!KEPT_GLOBALS.has(key)) remove(globalThis, key);
  const silent = () => {};
  // Emscripten uses these while Python runs. Its warnings are dropped.
  put("process", { exitCode: undefined, platform: process.platform, getuid: () => 0, umask: () => 0o022 });
  put("performance", { now, timeOrigin: performance.timeOrigin });
  put("console", { log: silent, info: silent, warn: silent, error: silent, debug: silent, trace: silent });
  module.registerHooks({
    resolve(specifier) {
      throw new Error(`no modules here: ${specifier}`);
    },
  });
}

function remove(from: object, key: string): void {
  if (Reflect.deleteProperty(from, key)) return;
  // If a property cannot be deleted, it is set to `undefined`, if that is possible.
  Reflect.defineProperty(from, key, { value: undefined });
}

function put(name: string, value: object): void {
  Object.defineProperty(globalThis, name, { value: Object.seal(value) });
}
