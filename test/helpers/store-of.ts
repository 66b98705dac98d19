import type { Plugin } from "../../core/plugin.ts";
import type { Store } from "../../core/store.ts";

/** A store that does nothing but what is said here. */
export const storeOf = (methods: Partial<Store>): Plugin => ({
  name: "broken-store",
  setup: (vr) =>
    vr.stores.use({
      name: "broken",
      putResponse: () => {},
      getResponse: () => undefined,
      getHistory: () => undefined,
      deleteResponse: () => false,
      ...methods,
    }),
});
