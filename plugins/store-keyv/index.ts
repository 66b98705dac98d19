import type { Keyv } from "keyv";
import { ConfigError, definePlugin, type Store, type Vr } from "../../core/index.ts";
import { createMemoryKeyv } from "./bounded-memory.ts";
import { createKeyvStore } from "./keyv-store.ts";
import { type Options, options } from "./options.ts";
import { createRedisKeyv } from "./redis-keyv.ts";
import { parseRedisUrl, REDIS_URL_FORM } from "./redis-url.ts";

export { createMemoryKeyv, type MemoryBounds } from "./bounded-memory.ts";
export { createKeyvStore, type KeyvStoreOptions } from "./keyv-store.ts";

const MEMORY_BOUNDS = { maxEntries: 10_000, maxBytes: 256 * 1024 * 1024 };
const REDIS_TIMEOUT_MS = 2_000;
const REDIS_NAMESPACE = "vr";

/** Keeps responses in Redis, in any other Keyv, or in this process's memory, within bounds. */
export const storeKeyv = definePlugin({
  name: "store-keyv",
  once: true,
  options,
  setup(vr, given) {
    const toRedis = vr.settings.redisUrl !== undefined || given.redis !== undefined;
    const store = toRedis
      ? createRedisStore(vr, given)
      : createKeyvStore(loggedKeyv(vr, given), { ttlDays: given.ttlDays });
    vr.stores.use(store);
    vr.onClose(() => store.close?.());
  },
});

/** `VR_REDIS_URL` is over the URL of the options, which stay what they are otherwise. */
function createRedisStore({ settings, log }: Vr, { redis, ttlDays }: Options): Store {
  const { url, namespace, timeoutMs } = typeof redis === "string" ? { url: redis } : { url: "", ...redis };
  const server = parseRedisUrl(settings.redisUrl ?? url);
  // The URL of the options was checked where it is written.
  if (!server) throw new ConfigError(`VR_REDIS_URL: ${REDIS_URL_FORM}`);
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
