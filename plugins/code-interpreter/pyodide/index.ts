import type { RuntimeFactory } from "../runtime.ts";
import { optionsSchema, type PyodideOptions } from "./options.ts";
import { PyodideRuntime } from "./pyodide-runtime.ts";

export type { PyodideOptions } from "./options.ts";

/**
 * Python compiled to WebAssembly, in processes that have neither files, network nor environment. Standard library only.
 * Nothing is loaded or started before the first session is opened.
 * @throws ZodError when an option is wrong
 */
export function pyodide(options: PyodideOptions = {}): RuntimeFactory {
  const settings = optionsSchema.parse(options);
  return { name: "pyodide", create: ({ log }) => new PyodideRuntime(settings, log) };
}
