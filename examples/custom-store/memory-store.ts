import { deepFreeze, definePlugin, type Store, type StoredItem, type StoredResponse } from "vr-gateway";
import { z } from "zod";

/** Keeps the latest responses in this process, and forgets them when it ends. */
export const memoryStore = definePlugin({
  name: "memory-store",
  once: true,
  options: z.object({ most: z.number().int().positive().default(1_000) }),
  setup(vr, { most }) {
    if (!vr.stores.replaced) vr.stores.use(createMemoryStore(most));
  },
});

function createMemoryStore(most: number): Store {
  const records = new Map<string, StoredResponse>();
  return {
    name: "memory",
    description: `the latest ${most} responses`,
    putResponse(record) {
      // A frozen copy, since several responses will read the same items.
      records.set(record.response.id, deepFreeze(structuredClone(record)));
      const [oldest] = records.keys();
      if (records.size > most && oldest !== undefined) records.delete(oldest);
    },
    getResponse: (id) => records.get(id),
    getHistory(id) {
      const history: StoredItem[][] = [];
      for (let next: string | undefined = id; next !== undefined; ) {
        const record = records.get(next);
        if (!record) return undefined; // a conversation never starts in the middle
        history.push(record.items);
        next = record.previousId;
      }
      return history.reverse();
    },
    deleteResponse: (id) => records.delete(id),
  };
}
