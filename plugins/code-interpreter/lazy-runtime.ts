import type { CodeRuntime, RuntimeFacts, RuntimeWork } from "./runtime.ts";

/** A runtime whose code is loaded at its first use, so that the gateway's start does not wait for it. */
export function lazyRuntime(facts: RuntimeFacts, load: () => Promise<RuntimeWork>): CodeRuntime {
  let loading: Promise<RuntimeWork> | undefined;
  const loaded = () => {
    loading ??= load();
    return loading;
  };
  return {
    ...facts,
    open: async (signal) => (await loaded()).open(signal),
    check: async (signal) => (await loaded()).check(signal),
    examine: async (signal) => (await loaded()).examine(signal),
    close: async () => (await loading)?.close(),
  };
}
