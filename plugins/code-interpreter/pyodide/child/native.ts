/** An address in Python's memory; 0 is the null pointer. */
export type Pointer = number;

/** Python's own C functions, as WebAssembly exports them. */
export interface Native {
  /** A new object after each growth of the memory. */
  readonly HEAPU8: Uint8Array;
  readonly HEAPU32: Uint32Array;
  /** Address of the compiled list of built-in modules. */
  readonly _PyImport_Inittab: Pointer;
  PyProxy_getPtr(proxy: object): Pointer;
  UTF8ToString(text: Pointer): string;
  _malloc(bytes: number): Pointer;
  _free(memory: Pointer): void;
  _PyUnicode_FromStringAndSize(utf8: Pointer, bytes: number): Pointer;
  _PyObject_CallNoArgs(callable: Pointer): Pointer;
  _PyObject_CallOneArg(callable: Pointer, argument: Pointer): Pointer;
  _PyObject_IsTrue(object: Pointer): number;
  _PyErr_GetRaisedException(): Pointer;
  _PyErr_Clear(): void;
  _Py_IncRef(object: Pointer): void;
  _Py_DecRef(object: Pointer): void;
  _PyThreadState_Get(): Pointer;
  _PyUnstable_ThreadState_SetStackProtection(thread: Pointer, start: Pointer, bytes: number): number;
  _emscripten_stack_get_base(): Pointer;
  _emscripten_stack_get_end(): Pointer;
}

/** Calls a Python function without giving Python any JavaScript object. */
export class NativeFunction {
  readonly #native: Native;
  readonly #function: Pointer;

  /** @param proxy Pyodide's proxy of the function; not needed afterwards */
  constructor(native: Native, proxy: object) {
    this.#native = native;
    this.#function = native.PyProxy_getPtr(proxy);
    native._Py_IncRef(this.#function);
  }

  /** Whether the function returns a true value. `undefined` if it raised; the exception is then pending. */
  call(text?: string): boolean | undefined {
    const native = this.#native;
    const argument = text === undefined ? undefined : this.#toPython(text);
    if (argument === 0) return undefined;
    return this.#ended(
      argument === undefined
        ? native._PyObject_CallNoArgs(this.#function)
        : native._PyObject_CallOneArg(this.#function, argument),
      argument,
    );
  }

  /** Calls the function with the pending exception. */
  callWithException(): boolean | undefined {
    const native = this.#native;
    const exception = native._PyErr_GetRaisedException();
    if (exception === 0) return undefined;
    return this.#ended(native._PyObject_CallOneArg(this.#function, exception), exception);
  }

  #ended(result: Pointer, argument: Pointer | undefined): boolean | undefined {
    const native = this.#native;
    if (argument !== undefined) native._Py_DecRef(argument);
    if (result === 0) return undefined;
    const truth = native._PyObject_IsTrue(result) === 1;
    native._Py_DecRef(result);
    return truth;
  }

  /** Returns 0 if there is no memory. */
  #toPython(text: string): Pointer {
    const native = this.#native;
    const utf8 = new TextEncoder().encode(text);
    const memory = native._malloc(utf8.length + 1);
    if (memory === 0) return 0;
    native.HEAPU8.set(utf8, memory);
    const object = native._PyUnicode_FromStringAndSize(memory, utf8.length);
    native._free(memory);
    return object;
  }
}
