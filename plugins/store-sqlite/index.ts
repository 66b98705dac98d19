import { resolve } from "node:path";
import { z } from "zod";
import { definePlugin, setting } from "../../core/index.ts";
import { defaultDatabasePath } from "./default-path.ts";
import { createSqliteStore } from "./sqlite-store.ts";

export { defaultDatabasePath } from "./default-path.ts";
export { createSqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";

/** Keeps responses in a SQLite file: one machine, any number of processes. */
export const storeSqlite = definePlugin({
  name: "store-sqlite",
  once: true,
  settings: {
    VR_DB_PATH: setting({
      schema: z.string(),
      help: 'file of the SQLite store; ":memory:" keeps nothing',
    }),
  },
  options: z.strictObject({
    path: z.string().min(1).optional(),
    ttlDays: z.number().nonnegative().max(36_500).optional(),
    busyTimeoutMs: z.int().nonnegative().optional(),
  }),
  setup(vr, { path, ttlDays, busyTimeoutMs }) {
    if (vr.stores.replaced) return; // no file for nothing
    const chosen = vr.settings.VR_DB_PATH ?? path ?? defaultDatabasePath();
    const store = createSqliteStore({
      // Made absolute, so that errors show where the file is.
      path: chosen === ":memory:" ? chosen : resolve(chosen),
      ttlDays,
      busyTimeoutMs,
      log: vr.log,
    });
    vr.stores.use(store);
    vr.onClose(() => store.close?.());
  },
});

export default storeSqlite;
