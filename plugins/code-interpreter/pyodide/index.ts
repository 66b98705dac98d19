import type { RuntimeFactory } from "../runtime.ts";

export function pyodide(): RuntimeFactory {
  throw new Error("not yet");
}
