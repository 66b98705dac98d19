/** A JavaScript function that Python's WebAssembly imports. */
type Import = (...args: never[]) => unknown;
type Imports = Record<string, Record<string, unknown>>;

/** The members of `WebAssembly` used here; only the type library of browsers declares it. */
interface WebAssemblyNamespace {
  instantiate(source: object, imports?: Imports): Promise<unknown>;
}

/** Functions that the C library and Python need while code runs: files, clocks, memory, signals, exit. */
const KEPT_PREFIXES = ["__syscall_", "fd_", "clock_", "environ_"];
const KEPT = new Set(
  (
    "random_get proc_exit exit _abort_js __assert_fail _Py_emscripten_runtime _PyEM_TrampolineCall_JS " +
    "_Py_CheckEmscriptenSignals_Helper __call_sighandler emscripten_runtime_keepalive_push " +
    "emscripten_runtime_keepalive_pop _emscripten_runtime_keepalive_clear _mmap_js _munmap_js _msync_js " +
    "emscripten_date_now emscripten_get_now _timegm_js _mktime_js _localtime_js _gmtime_js _tzset_js " +
    "emscripten_get_heap_max emscripten_resize_heap _emscripten_get_progname getprotobyname _try_fcntl64"
  ).split(" "),
);
/** What C expects on failure: a negative error number, or an invalid handle. */
const ENETUNREACH = -40;
const ENOSYS = -52;
const EAI_NONAME = -2;
const REFUSED = new Map<string, unknown>([
  ...["accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "socket"].map(
    (name) => [`__syscall_${name}`, ENETUNREACH] as const,
  ),
  ...["recvfrom", "recvmsg", "sendmsg", "sendto"].map((name) => [`__syscall_${name}`, ENETUNREACH] as const),
  ...["connect", "recvfrom", "sendto", "poll"].map((name) => [`_maybe_${name}_async`, null] as const),
  ["_try_shutdown", 0],
  ["getaddrinfo", EAI_NONAME],
  ["getnameinfo", EAI_NONAME],
  ["_emscripten_lookup_name", 0],
  ["_emscripten_system", ENOSYS],
  ["_setitimer_js", ENOSYS],
  ["_dlopen_js", 0],
  ["_dlsym_js", 0],
]);

/**
 * Guards the calls from Python's WebAssembly to JavaScript. Once closed, it lets through what the C library needs;
 * sockets and loading native code fail with an error; a call that would reach JavaScript objects ends the process. So
 * whatever untrusted code finds in Python's memory gives it no access. Create it before Python starts, since
 * WebAssembly's imports cannot be changed later.
 */
export class Bridge {
  #closed = false;

  constructor() {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyNamespace };
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = (source, imports) => {
      if (imports?.env) this.#guard(imports);
      return instantiate.call(WebAssembly, source, imports);
    };
    // Without these, no import can wait for a promise, which would bypass the guard.
    for (const name of ["Suspending", "promising"]) Reflect.deleteProperty(WebAssembly, name);
  }

  /** Must be called before untrusted code runs. It cannot be undone. */
  close(): void {
    this.#closed = true;
  }

  /** Changes the imports in place: dynamic linking looks functions up in the same object. */
  #guard(imports: Imports): void {
    for (const functions of new Set(Object.values(imports)))
      for (const [name, value] of Object.entries(functions))
        if (typeof value === "function" && !isKept(name))
          functions[name] = this.#guarded(name, value as Import);
  }

  #guarded(name: string, open: Import): Import {
    const refusal = REFUSED.get(name);
    const guarded: Import = (...args) => {
      if (!this.#closed) return open(...args);
      if (refusal === undefined) throw new Error("JavaScript is out of reach");
      return refusal;
    };
    // Keeps the properties in which Emscripten describes the function's type.
    return Object.assign(guarded, open);
  }
}

const isKept = (name: string): boolean =>
  !REFUSED.has(name) && (KEPT.has(name) || KEPT_PREFIXES.some((prefix) => name.startsWith(prefix)));
