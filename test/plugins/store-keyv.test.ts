import { EventEmitter } from "node:events";
import { Keyv } from "keyv";
import { describe, expect, it, vi } from "vitest";
import type { Vr } from "../../core/plugin.ts";
import type { Store } from "../../core/store.ts";
import { createKeyvStore, createMemoryKeyv, storeKeyv } from "../../plugins/store-keyv/index.ts";
import { PAGE_SIZE } from "../../plugins/store-keyv/lineage.ts";
import { converse, describeStore, idOf, turn } from "../contract/store.ts";

/** A server's adapter as Keyv's own are: strings, `getMany`, an event emitter. Counts what it is asked. */
class Adapter extends EventEmitter {
  readonly opts = {};
  readonly texts = new Map<string, string>();
  readonly ttls: (number | undefined)[] = [];
  readonly reads: string[][] = [];
  readonly writes: string[] = [];
  closed = false;

  async get(key: string): Promise<string | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    this.reads.push(keys);
    return keys.map((key) => this.texts.get(key));
  }

  async set(key: string, text: string, ttl?: number): Promise<void> {
    this.writes.push(key);
    this.ttls.push(ttl);
    this.texts.set(key, text);
  }

  async delete(key: string): Promise<boolean> {
    return this.texts.delete(key);
  }

  async clear(): Promise<void> {
    this.texts.clear();
  }

  async disconnect(): Promise<void> {
    this.closed = true;
  }
}

function adapted(options: { ttlDays?: number } = {}) {
  const adapter = new Adapter();
  return { adapter, store: createKeyvStore(new Keyv({ store: adapter }), options) };
}

const sum = (texts: Iterable<[string, string]>) =>
  [...texts].reduce((bytes, [key, text]) => bytes + Buffer.byteLength(key) + Buffer.byteLength(text), 0);

const ROOMY = { maxEntries: 1_000, maxBytes: 64 * 1024 * 1024 };

describeStore("store-keyv in memory", ({ ttlDays }) => {
  const keyv = createMemoryKeyv(ROOMY);
  const texts = new Map<string, string>();
  keyv.hooks.addHandler("preSet", ({ key, value }: { key: string; value: string }) => texts.set(key, value));
  return { store: createKeyvStore(keyv, { ttlDays }), bytes: () => sum(texts) };
});

describeStore("store-keyv on an adapter of strings", ({ ttlDays }) => {
  const { adapter, store } = adapted({ ttlDays });
  return { store, bytes: () => sum(adapter.texts) };
});

describeStore("store-keyv on a plain Map", ({ ttlDays }) => {
  const texts = new Map<string, string>();
  return { store: createKeyvStore(new Keyv({ store: texts }), { ttlDays }), bytes: () => sum(texts) };
});

describe("the layout of store-keyv", () => {
  it("reads two batches for a short conversation and three for any longer one", async () => {
    const { adapter, store } = adapted();
    await converse(store, 300);
    for (const [n, batches] of [
      [PAGE_SIZE, 2],
      [PAGE_SIZE + 1, 3],
      [299, 3],
    ] as const) {
      adapter.reads.length = 0;
      expect(await store.getHistory(idOf(n))).toHaveLength(n + 1);
      expect(adapter.reads).toHaveLength(batches);
    }
  });

  it("never reads an ancestor's response or its ids", async () => {
    const { adapter, store } = adapted();
    await converse(store, 40);
    adapter.reads.length = 0;
    await store.getHistory(idOf(39));
    const responses = adapter.reads.flat().filter((key) => key.endsWith("/response"));
    expect(responses).toEqual([`keyv:${idOf(39)}/response`]);
  });

  it("reads nothing to store a turn whose parent this process stored or hydrated", async () => {
    const { adapter, store } = adapted();
    await converse(store, 20);
    expect(adapter.reads).toEqual([]);
    const other = createKeyvStore(new Keyv({ store: adapter }));
    await other.getHistory(idOf(19));
    adapter.reads.length = 0;
    await other.putResponse(turn("resp_next", "q", "a", idOf(19)));
    expect(adapter.reads).toEqual([]);
  });

  it("continues a conversation that another process stored", async () => {
    const { adapter, store } = adapted();
    const records = await converse(store, 35);
    const other = createKeyvStore(new Keyv({ store: adapter }));
    const next = turn("resp_next", "q", "a", idOf(34));
    await other.putResponse(next);
    expect(await store.getHistory("resp_next")).toEqual([...records, next].map(({ items }) => items));
  });

  it("writes the response last, after its items", async () => {
    const { adapter, store } = adapted();
    await store.putResponse(turn("resp_1", "q", "a"));
    expect(adapter.writes).toEqual(["keyv:resp_1/items", "keyv:resp_1/response"]);
  });

  it("does not mend a conversation whose parent comes back after its children", async () => {
    const { store } = adapted();
    const [, parent] = await converse(store, 2);
    if (!parent) throw new Error("no parent");
    await store.deleteResponse(idOf(1));
    await store.putResponse(turn("resp_child", "q", "a", idOf(1)));
    await store.putResponse(turn("resp_grandchild", "q", "a", "resp_child"));
    await store.putResponse(parent);
    expect(await store.getHistory("resp_child")).toBeUndefined();
    expect(await store.getHistory("resp_grandchild")).toBeUndefined();
  });

  it.each(["items", "response"])("shows nothing of a response that lost its %s", async (part) => {
    const { adapter, store } = adapted();
    await store.putResponse(turn("resp_1", "q", "a"));
    adapter.texts.delete(`keyv:resp_1/${part}`);
    expect(await store.getResponse("resp_1")).toBeUndefined();
    expect(await store.getHistory("resp_1")).toBeUndefined();
  });

  it("leaves nothing behind when it deletes", async () => {
    const { adapter, store } = adapted();
    await converse(store, 40);
    for (let n = 0; n < 40; n++) expect(await store.deleteResponse(idOf(n))).toBe(true);
    expect([...adapter.texts.keys()]).toEqual([]);
  });

  it("gives Keyv the time to live in milliseconds, and none for ever", async () => {
    const days = adapted({ ttlDays: 0.5 });
    await days.store.putResponse(turn("resp_1", "q", "a"));
    expect(days.adapter.ttls).toEqual([43_200_000, 43_200_000]);
    const adapter = new Adapter();
    const forever = createKeyvStore(new Keyv({ store: adapter, ttl: 5 }), { ttlDays: 0 });
    await forever.putResponse(turn("resp_1", "q", "a"));
    expect(adapter.ttls).toEqual([undefined, undefined]);
  });
});

describe("failures of a Keyv's adapter", () => {
  const lost = new Error("connect ECONNREFUSED redis://ann:secret@10.0.0.1");
  const calls: [string, (store: Store) => unknown][] = [
    ["getResponse", (store) => store.getResponse("resp_1")],
    ["getHistory", (store) => store.getHistory("resp_1")],
    ["putResponse", (store) => store.putResponse(turn("resp_2", "q", "a", "resp_1"))],
    ["deleteResponse", (store) => store.deleteResponse("resp_1")],
    ["check", (store) => store.check?.()],
  ];

  const breakages: [string, (adapter: Adapter) => void][] = [
    [
      "throws",
      (adapter) => {
        for (const method of ["get", "getMany", "set", "delete"] as const)
          vi.spyOn(adapter, method).mockRejectedValue(lost);
      },
    ],
    [
      "throws and has no getMany",
      (adapter) => {
        for (const method of ["get", "set", "delete"] as const)
          vi.spyOn(adapter, method).mockRejectedValue(lost);
        Object.assign(adapter, { getMany: undefined });
      },
    ],
    [
      "emits an error and answers as if nothing were there",
      (adapter) => {
        const silent = async (): Promise<undefined> => void adapter.emit("error", lost);
        Object.assign(adapter, { get: silent, getMany: undefined, set: silent, delete: silent });
      },
    ],
  ];

  for (const [how, breakAdapter] of breakages)
    it.each(calls)(`are StoreErrors of %s when it ${how}`, async (_, call) => {
      const adapter = new Adapter();
      const store = createKeyvStore(new Keyv({ store: adapter, emitErrors: false }));
      await store.putResponse(turn("resp_1", "q", "a"));
      breakAdapter(adapter);
      await expect(async () => call(store)).rejects.toMatchObject({
        name: "StoreError",
        status: 503,
        cause: lost,
        message: expect.not.stringContaining("secret"),
      });
    });

  it("are StoreErrors when a write is answered with false", async () => {
    const { adapter, store } = adapted();
    Object.assign(adapter, { set: async () => false });
    await expect(store.putResponse(turn("resp_1", "q", "a"))).rejects.toMatchObject({ name: "StoreError" });
  });

  it("do not touch a concurrent read that found what it looked for", async () => {
    const { adapter, store } = adapted();
    const record = turn("resp_1", "q", "a");
    await store.putResponse(record);
    const read = Promise.all([
      store.getResponse("resp_1"),
      Promise.allSettled([store.getResponse("resp_2")]),
    ]);
    adapter.emit("error", lost);
    const [found, [missing]] = await read;
    expect(found).toEqual(record);
    expect(missing).toMatchObject({ status: "rejected", reason: { name: "StoreError", cause: lost } });
    expect(await store.getResponse("resp_2")).toBeUndefined();
  });

  it("include values that vr did not write", async () => {
    const keyv = new Keyv();
    const store = createKeyvStore(keyv);
    await keyv.set("resp_1/response", { something: "else" });
    await keyv.set("resp_1/items", "[]");
    await expect(store.getResponse("resp_1")).rejects.toThrow(/vr did not write/);
    await keyv.set("resp_1/response", "no line, no JSON");
    await expect(store.getResponse("resp_1")).rejects.toMatchObject({ name: "StoreError" });
  });
});

describe("the memory of store-keyv", () => {
  it("forgets the least recently used response when there are too many", async () => {
    const store = createKeyvStore(createMemoryKeyv({ ...ROOMY, maxEntries: 3 }));
    for (const n of [1, 2, 3]) await store.putResponse(turn(`resp_${n}`, "q", "a"));
    await store.getResponse("resp_1");
    await store.putResponse(turn("resp_4", "q", "a"));
    const kept = await Promise.all(
      ["resp_1", "resp_2", "resp_3", "resp_4"].map((id) => store.getResponse(id)),
    );
    expect(kept.map((record) => record?.response.id)).toEqual(["resp_1", undefined, "resp_3", "resp_4"]);
  });

  it("forgets the least recently used responses when they are too large", async () => {
    const store = createKeyvStore(createMemoryKeyv({ ...ROOMY, maxBytes: 100_000 }));
    for (let n = 0; n < 10; n++) await store.putResponse(turn(idOf(n), "q".repeat(20_000), "a"));
    const kept = await Promise.all(Array.from({ length: 10 }, (_, n) => store.getResponse(idOf(n))));
    expect(kept.map((record) => record !== undefined).lastIndexOf(false)).toBe(5);
    expect(kept.filter((record) => record)).toHaveLength(4);
  });

  it("gives the room of replaced and deleted responses back", async () => {
    const store = createKeyvStore(createMemoryKeyv({ ...ROOMY, maxBytes: 100_000 }));
    await store.putResponse(turn("resp_kept", "q", "a"));
    for (let n = 0; n < 20; n++) await store.putResponse(turn("resp_1", "q".repeat(20_000), "a"));
    for (let n = 0; n < 20; n++) {
      await store.putResponse(turn(idOf(n), "q".repeat(20_000), "a"));
      await store.deleteResponse(idOf(n));
    }
    expect(await store.getResponse("resp_kept")).toBeDefined();
  });

  it("keeps a conversation together that goes on while others come and go", async () => {
    const store = createKeyvStore(createMemoryKeyv({ ...ROOMY, maxEntries: 20 }));
    let previous: string | undefined;
    for (let n = 0; n < 8; n++) {
      if (previous) expect(await store.getHistory(previous)).toHaveLength(n);
      await store.putResponse(turn(idOf(n), "q", "a", previous));
      previous = idOf(n);
      for (let m = 0; m < 10; m++) await store.putResponse(turn(idOf(1_000 + n * 10 + m), "q", "a"));
    }
    expect(await store.getResponse(idOf(1_000))).toBeUndefined();
  });

  it("refuses a response that it could not hold, rather than to lose it silently", async () => {
    const store = createKeyvStore(createMemoryKeyv({ ...ROOMY, maxBytes: 100_000 }));
    await store.putResponse(turn("resp_1", "q", "a"));
    await expect(store.putResponse(turn("resp_2", "q".repeat(30_000), "a"))).rejects.toMatchObject({
      name: "StoreError",
      cause: expect.objectContaining({ message: expect.stringMatching(/more than a quarter of maxBytes/) }),
    });
    expect(await store.getResponse("resp_1")).toBeDefined();
  });
});

describe("the plugin store-keyv", () => {
  function setUp(options?: Parameters<typeof storeKeyv>[0]) {
    const stores: Store[] = [];
    const closers: (() => unknown)[] = [];
    const logged: object[] = [];
    const vr = {
      settings: { logLevel: "info" },
      stores: { use: (store: Store) => stores.push(store) },
      onClose: (close: () => unknown) => closers.push(close),
      log: { error: (fields: object) => logged.push(fields) },
    };
    storeKeyv(options).setup(vr as unknown as Vr);
    const [store] = stores;
    if (!store) throw new Error("no store was set");
    return { store, closers, logged };
  }

  it("keeps responses in memory unless it is given a Keyv", async () => {
    const { store } = setUp();
    await store.putResponse(turn("resp_1", "q", "a"));
    expect(await store.getResponse("resp_1")).toBeDefined();
  });

  it("takes a Keyv, logs its errors and disconnects it with the gateway", async () => {
    const adapter = new Adapter();
    const { store, closers, logged } = setUp({ keyv: new Keyv({ store: adapter }) });
    await store.putResponse(turn("resp_1", "q", "a"));
    expect(adapter.texts.size).toBe(2);
    const error = new Error("gone");
    adapter.emit("error", error);
    expect(logged).toEqual([{ err: error }]);
    for (const close of closers) await close();
    expect(adapter.closed).toBe(true);
  });

  it.each([
    [{ keyv: new Map() }, /must be a Keyv 5 instance/],
    [{ keyv: new Keyv(), maxEntries: 5 }, /they do nothing to a keyv that you give/],
    [{ maxEntries: 0 }, /plugin "store-keyv": maxEntries/],
    [{ ttlDays: -1 }, /plugin "store-keyv": ttlDays/],
  ])("refuses %o when the configuration loads", (options, message) => {
    expect(() => storeKeyv(options as object)).toThrow(message);
  });
});
