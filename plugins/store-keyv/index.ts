import type { Keyv } from "keyv";
import { definePlugin, type Store, type Vr } from "../../core/index.ts";
import { createMemoryKeyv } from "./bounded-memory.ts";
import { createKeyvStore } from "./keyv-store.ts";
import { type Options, options, settings } from "./options.ts";
import { createRedisKeyv } from "./redis-keyv.ts";
import { parseRedisUrl } from "./redis-url.ts";

export { createMemoryKeyv, type MemoryBounds } from "./bounded-memory.ts";
export { createKeyvStore, type KeyvStoreOptions } from "./keyv-store.ts";

const MEMORY_BOUNDS = { maxEntries: 10_000, maxBytes: 256 * 1024 * 1024 };
const REDIS_TIMEOUT_MS = 2_000;
const REDIS_NAMESPACE = "vr";

/** Keeps responses in Redis, in any other Keyv, or in this process's memory, within bounds. */
export const storeKeyv = definePlugin({
  name: "store-keyv",
  once: true,
  settings,
  options,
  setup(vr, given) {
    const toRedis = vr.settings.VR_REDIS_URL !== undefined || given.redis !== undefined;
    const store = toRedis
      ? createRedisStore(vr, given)
      : createKeyvStore(loggedKeyv(vr, given), { ttlDays: given.ttlDays });
    vr.stores.use(store);
    vr.onClose(() => store.close?.());
  },
});

/** `VR_REDIS_URL` overrides the URL of the options, and nothing else of them. */
function createRedisStore(
  { settings: { VR_REDIS_URL: chosen }, log }: Vr<typeof settings>,
  { redis, ttlDays }: Options,
): Store {
  const { url, namespace, timeoutMs } = typeof redis === "string" ? { url: redis } : { url: "", ...redis };
  const server = parseRedisUrl(chosen ?? url);
  if (!server) throw new Error("both URLs were checked where they are written");
  const keyv = createRedisKeyv({
    server,
    namespace: namespace ?? REDIS_NAMESPACE,
    timeoutMs: timeoutMs ?? REDIS_TIMEOUT_MS,
    log,
  });
  return createKeyvStore(keyv, { ordered: true, name: "redis", description: server.shown, ttlDays });
}

function loggedKeyv({ log }: Vr, { keyv, maxEntries, maxBytes }: Options): Keyv {
  const chosen =
    keyv ??
    createMemoryKeyv({
      maxEntries: maxEntries ?? MEMORY_BOUNDS.maxEntries,
      maxBytes: maxBytes ?? MEMORY_BOUNDS.maxBytes,
    });
  chosen.on("error", (error: unknown) => log.error({ err: error }, "store-keyv: the Keyv failed"));
  return chosen;
}

export default storeKeyv;
