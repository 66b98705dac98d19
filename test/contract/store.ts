import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MaybePromise } from "../../core/context.ts";
import type { StoredItem } from "../../core/protocol/items.ts";
import type { Store, StoredResponse } from "../../core/store.ts";

/** A fresh, empty store. */
export interface StoreUnderTest {
  store: Store;
  /** Bytes of all keys and values that the store holds now. */
  bytes(): MaybePromise<number>;
}

export type CreateStore = (options: { ttlDays: number }) => MaybePromise<StoreUnderTest>;

const DAY_MS = 86_400_000;

/** A response as the gateway stores it after the model said `answer` to `question`. */
export function turn(id: string, question: string, answer: string, previousId?: string): StoredResponse {
  const message = {
    type: "message" as const,
    id: `msg_${id}`,
    role: "assistant" as const,
    status: "completed" as const,
    content: [{ type: "output_text" as const, text: answer, annotations: [], logprobs: [] }],
  };
  const record: StoredResponse = {
    response: {
      id,
      object: "response",
      created_at: 1_790_000_000,
      status: "completed",
      model: "gpt-oss-20b",
      error: null,
      incomplete_details: null,
      instructions: null,
      metadata: {},
      parallel_tool_calls: true,
      previous_response_id: previousId ?? null,
      temperature: 1,
      tool_choice: "auto",
      tools: [],
      top_p: 1,
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 15,
      },
    },
    items: [{ item: { role: "user", content: question } }, { item: message, turn: 0 }],
  };
  return previousId === undefined ? record : { ...record, previousId };
}

/** An id of the length of real ones. */
export const idOf = (n: number) => `resp_${n.toString(16).padStart(48, "0")}`;

/** Stores `length` turns, each continuing the one before; gives their records, oldest first. */
export async function converse(store: Store, length: number, from = 0): Promise<StoredResponse[]> {
  const records: StoredResponse[] = [];
  for (let n = from; n < from + length; n++) {
    const previous = records.at(-1)?.response.id;
    const record = turn(idOf(n), `question ${n}`, `answer ${n}`, previous);
    await store.putResponse(record);
    records.push(record);
  }
  return records;
}

const itemsOf = (records: readonly StoredResponse[]): StoredItem[][] => records.map(({ items }) => items);

/** What every store does. */
export function describeStore(name: string, create: CreateStore): void {
  describe(`${name} as a store`, () => {
    let store: Store;
    let bytes: StoreUnderTest["bytes"];

    beforeEach(async () => {
      vi.useFakeTimers({ toFake: ["Date"] });
      ({ store, bytes } = await create({ ttlDays: 30 }));
    });

    afterEach(async () => {
      await store.close?.();
      vi.useRealTimers();
    });

    it("gives back what was put, exactly", async () => {
      const record = turn("resp_1", '日本語 🎉 \u0000 \ud800 "\\\n', ":base64:not", "resp_0");
      record.response.metadata = { empty: "", "key with \n": ":", ключ: "значение" };
      record.items.push({
        item: {
          type: "reasoning",
          id: "rs_1",
          summary: [],
          content: [{ type: "reasoning_text", text: "hm" }],
          encrypted_content: null,
        },
        turn: 1,
        note: { of: "the plugin that made it", more: ["\u0000", 1, null] },
      });
      await store.putResponse(record);
      expect(await store.getResponse("resp_1")).toEqual(record);
    });

    it("does not add a previousId to a response that continues nothing", async () => {
      await store.putResponse(turn("resp_1", "hi", "hello"));
      expect(await store.getResponse("resp_1")).not.toHaveProperty("previousId");
    });

    it("keeps an item of 2 MB", async () => {
      const record = turn("resp_1", "é".repeat(2_000_000), "long");
      await store.putResponse(record);
      expect(await store.getResponse("resp_1")).toEqual(record);
      expect(await store.getHistory("resp_1")).toEqual([record.items]);
    });

    it("takes the response's JSON as it was encoded already", async () => {
      const record = turn("resp_1", "hi", "hello");
      await store.putResponse({
        ...record,
        responseJson: JSON.stringify({ ...record.response, model: "m" }),
      });
      expect((await store.getResponse("resp_1"))?.response).toEqual({ ...record.response, model: "m" });
    });

    it("finds the response of an item whose id does not name it, until that response is gone", async () => {
      const record = turn(idOf(1), "hi", "hello");
      await store.putResponse({ ...record, itemIds: [`msg_${idOf(1)}`] });
      expect(await store.responseOfItem?.(`msg_${idOf(1)}`)).toBe(idOf(1));
      expect(await store.responseOfItem?.("msg_unknown")).toBeUndefined();
      await store.deleteResponse(idOf(1));
      expect(await store.responseOfItem?.(`msg_${idOf(1)}`)).toBeUndefined();
    });

    it("forgets whose an item is when it forgets the response", async () => {
      await store.putResponse({ ...turn(idOf(2), "hi", "hello"), itemIds: ["rs_68aa"] });
      vi.setSystemTime(Date.now() + 31 * DAY_MS);
      expect(await store.responseOfItem?.("rs_68aa")).toBeUndefined();
    });

    it("answers undefined for an id that it never saw", async () => {
      expect(await store.getResponse("resp_unknown")).toBeUndefined();
      expect(await store.getHistory("resp_unknown")).toBeUndefined();
    });

    it("gives the history of 50 turns, oldest first, one list per response", async () => {
      const records = await converse(store, 50);
      expect(await store.getHistory(idOf(49))).toEqual(itemsOf(records));
      expect(await store.getHistory(idOf(16))).toEqual(itemsOf(records.slice(0, 17)));
      expect(await store.getHistory(idOf(17))).toEqual(itemsOf(records.slice(0, 18)));
      expect(await store.getHistory(idOf(0))).toEqual(itemsOf(records.slice(0, 1)));
    });

    it("gives each fork of a conversation its own history", async () => {
      const stem = await converse(store, 20);
      const left = turn("resp_left", "go left", "left", idOf(19));
      const right = turn("resp_right", "go right", "right", idOf(19));
      const early = turn("resp_early", "go back", "back", idOf(3));
      await Promise.all([store.putResponse(left), store.putResponse(right), store.putResponse(early)]);
      expect(await store.getHistory("resp_left")).toEqual(itemsOf([...stem, left]));
      expect(await store.getHistory("resp_right")).toEqual(itemsOf([...stem, right]));
      expect(await store.getHistory("resp_early")).toEqual(itemsOf([...stem.slice(0, 4), early]));
    });

    it.each([0, 7, 17, 38])("has no history left when ancestor %i of 40 was deleted", async (n) => {
      const records = await converse(store, 40);
      await store.deleteResponse(idOf(n));
      expect(await store.getHistory(idOf(39))).toBeUndefined();
      expect(await store.getResponse(idOf(39))).toEqual(records[39]);
      if (n > 0) expect(await store.getHistory(idOf(n - 1))).toEqual(itemsOf(records.slice(0, n)));
    });

    it("never lets a conversation start in the middle when the parent was gone already", async () => {
      await converse(store, 2);
      await store.deleteResponse(idOf(1));
      await store.putResponse(turn("resp_child", "and?", "so", idOf(1)));
      await store.putResponse(turn("resp_grandchild", "and?", "so", "resp_child"));
      expect(await store.getHistory("resp_child")).toBeUndefined();
      expect(await store.getHistory("resp_grandchild")).toBeUndefined();
      expect((await store.getResponse("resp_child"))?.previousId).toBe(idOf(1));
    });

    it("forgets a response when its days are over", async () => {
      await store.putResponse(turn("resp_1", "hi", "hello"));
      vi.setSystemTime(Date.now() + 30 * DAY_MS - 1);
      expect(await store.getResponse("resp_1")).toBeDefined();
      vi.setSystemTime(Date.now() + 2);
      expect(await store.getResponse("resp_1")).toBeUndefined();
      expect(await store.getHistory("resp_1")).toBeUndefined();
      expect(await store.deleteResponse("resp_1")).toBe(false);
    });

    it("has no history left when an ancestor has expired", async () => {
      await store.putResponse(turn("resp_1", "hi", "hello"));
      vi.setSystemTime(Date.now() + 20 * DAY_MS);
      await store.putResponse(turn("resp_2", "and?", "so", "resp_1"));
      expect(await store.getHistory("resp_2")).toHaveLength(2);
      vi.setSystemTime(Date.now() + 11 * DAY_MS);
      expect(await store.getHistory("resp_2")).toBeUndefined();
      expect(await store.getResponse("resp_2")).toBeDefined();
    });

    it("takes a part of a day that is no whole number of milliseconds", async () => {
      const short = await create({ ttlDays: 0.7 / 3 });
      await short.store.putResponse(turn("resp_1", "hi", "hello"));
      expect(await short.store.getResponse("resp_1")).toBeDefined();
      vi.setSystemTime(Date.now() + DAY_MS / 4);
      expect(await short.store.getResponse("resp_1")).toBeUndefined();
      await short.store.close?.();
    });

    it("forgets nothing when ttlDays is 0", async () => {
      const forever = await create({ ttlDays: 0 });
      await forever.store.putResponse(turn("resp_1", "hi", "hello"));
      vi.setSystemTime(Date.now() + 10_000 * DAY_MS);
      expect(await forever.store.getResponse("resp_1")).toBeDefined();
      await forever.store.close?.();
    });

    it("replaces a response that is put again", async () => {
      await store.putResponse(turn("resp_1", "hi", "…"));
      const record = turn("resp_1", "hi", "hello");
      await store.putResponse(record);
      expect(await store.getResponse("resp_1")).toEqual(record);
      expect(await store.getHistory("resp_1")).toEqual([record.items]);
    });

    it("says whether there was something to delete", async () => {
      await store.putResponse(turn("resp_1", "hi", "hello"));
      expect(await store.deleteResponse("resp_1")).toBe(true);
      expect(await store.getResponse("resp_1")).toBeUndefined();
      expect(await store.deleteResponse("resp_1")).toBe(false);
      expect(await store.deleteResponse("resp_unknown")).toBe(false);
    });

    it("takes 100 responses at once, each readable as soon as its promise resolved", async () => {
      const records = Array.from({ length: 100 }, (_, n) => turn(idOf(n), `question ${n}`, `answer ${n}`));
      const read = records.map(async (record) => {
        await store.putResponse(record);
        return store.getResponse(record.response.id);
      });
      expect(await Promise.all(read)).toEqual(records);
    });

    it("takes parent and child in one tick", async () => {
      const records = [0, 1, 2].map((n) => turn(idOf(n), "q", "a", n > 0 ? idOf(n - 1) : undefined));
      await Promise.all(records.map((record) => store.putResponse(record)));
      expect(await store.getHistory(idOf(2))).toEqual(itemsOf(records));
    });

    it("shares no object with its callers", async () => {
      const record = turn("resp_1", "hi", "hello");
      const before = structuredClone(record);
      const put = store.putResponse(record);
      record.items.length = 0;
      record.response.status = "failed";
      await put;
      const first = await store.getResponse("resp_1");
      expect(first).toEqual(before);
      first?.items.pop();
      (await store.getHistory("resp_1"))?.[0]?.pop();
      expect(await store.getResponse("resp_1")).toEqual(before);
      expect(await store.getHistory("resp_1")).toEqual([before.items]);
    });

    it("writes as much at turn 200 as at turn 2", async () => {
      const written: number[] = [];
      let previous: string | undefined;
      for (let n = 1; n <= 200; n++) {
        const before = n === 2 || n === 200 ? await bytes() : 0;
        await store.putResponse(turn(idOf(n), "q".repeat(300), "a".repeat(800), previous));
        if (n === 2 || n === 200) written.push((await bytes()) - before);
        previous = idOf(n);
      }
      const [early = 0, late = 0] = written;
      expect(early).toBeGreaterThan(700);
      expect(late).toBeLessThan(early * 1.5);
    });

    it("refuses a response that cannot be encoded without harm to the others", async () => {
      const bad = turn("resp_bad", "hi", "hello");
      bad.response.metadata = { circular: bad as unknown as string };
      const puts = await Promise.allSettled(
        [turn("resp_1", "hi", "hello"), bad, turn("resp_2", "hi", "hello")].map(async (record) =>
          store.putResponse(record),
        ),
      );
      expect(puts.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(puts[1]).toMatchObject({ reason: { name: "StoreError", status: 503 } });
      expect(await store.getResponse("resp_bad")).toBeUndefined();
      expect(await store.getResponse("resp_2")).toBeDefined();
    });

    it("passes its check", async () => {
      expect(store.check).toBeDefined();
      await store.check?.();
    });

    it("answers nothing but StoreErrors once it is closed, and closes twice without complaint", async () => {
      await store.putResponse(turn("resp_1", "hi", "hello"));
      await store.close?.();
      await store.close?.();
      const calls: (() => unknown)[] = [
        () => store.putResponse(turn("resp_2", "hi", "hello")),
        () => store.getResponse("resp_1"),
        () => store.getHistory("resp_1"),
        () => store.deleteResponse("resp_1"),
        () => store.check?.(),
      ];
      for (const call of calls)
        await expect(async () => call()).rejects.toMatchObject({ name: "StoreError", status: 503 });
    });
  });
}
