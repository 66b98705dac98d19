import { checkOptions } from "../../../core/index.ts";
import { lazyRuntime } from "../lazy-runtime.ts";
import type { RuntimeFactory, RuntimeFacts } from "../runtime.ts";
import { optionsSchema, type PyodideOptions } from "./options.ts";

export type { PyodideOptions } from "./options.ts";

const FACTS: RuntimeFacts = {
  name: "pyodide",
  description: "Python in WebAssembly, in processes of its own: standard library only, no network",
  abilities:
    "It has the standard library only (no numpy, pandas or matplotlib), no network and no other processes.",
  network: "none",
};

/**
 * Python compiled to WebAssembly, in processes that have neither files, network nor environment. Standard library only.
 * Nothing is loaded or started before the first session is opened.
 * @throws ConfigError when an option is wrong
 */
export function pyodide(options: PyodideOptions = {}): RuntimeFactory {
  const settings = checkOptions("pyodide", optionsSchema, options);
  return {
    name: FACTS.name,
    create: ({ log }) =>
      lazyRuntime(FACTS, async () => {
        const { PyodideRuntime } = await import("./pyodide-runtime.ts");
        return new PyodideRuntime(settings, log);
      }),
  };
}
