import type { Keyv } from "keyv";
import { z } from "zod";
import { definePlugin } from "../../core/index.ts";
import { createMemoryKeyv } from "./bounded-memory.ts";
import { createKeyvStore } from "./keyv-store.ts";

export { createMemoryKeyv, type MemoryBounds } from "./bounded-memory.ts";
export { createKeyvStore, type KeyvStoreOptions } from "./keyv-store.ts";

const MEMORY_BOUNDS = { maxEntries: 10_000, maxBytes: 256 * 1024 * 1024 };

/** Known by its methods: the configuration may bring its own copy of the package. */
function isKeyv(value: unknown): value is Keyv {
  const methods = ["get", "getMany", "set", "deleteMany", "disconnect", "on"];
  return methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === "function");
}

/** Keeps responses in a Keyv (Redis, PostgreSQL, …), or in this process's memory, within bounds. */
export const storeKeyv = definePlugin({
  name: "store-keyv",
  options: z
    .strictObject({
      keyv: z.custom<Keyv>(isKeyv, "must be a Keyv 5 instance: new Keyv(adapter)").optional(),
      ttlDays: z.number().nonnegative().max(36_500).optional(),
      maxEntries: z.int().positive().optional(),
      maxBytes: z.int().positive().optional(),
    })
    .refine(({ keyv, maxEntries, maxBytes }) => !keyv || (maxEntries ?? maxBytes) === undefined, {
      message: "maxEntries and maxBytes bound vr's own memory; they do nothing to a keyv that you give",
    }),
  setup(vr, { keyv: given, ttlDays, maxEntries, maxBytes }) {
    const keyv =
      given ??
      createMemoryKeyv({
        maxEntries: maxEntries ?? MEMORY_BOUNDS.maxEntries,
        maxBytes: maxBytes ?? MEMORY_BOUNDS.maxBytes,
      });
    keyv.on("error", (error: unknown) => vr.log.error({ err: error }, "store-keyv: the Keyv failed"));
    const store = createKeyvStore(keyv, { ttlDays });
    vr.stores.use(store);
    vr.onClose(() => store.close?.());
  },
});

export default storeKeyv;
