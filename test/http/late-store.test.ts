import { describe, expect, it } from "vitest";
import type { Plugin } from "../../core/plugin.ts";
import type { Store } from "../../core/store.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

const ID = `resp_${"0".repeat(48)}`;
const UNAVAILABLE = { status: 503, error: { code: "store_unavailable" } };

/** A store that never answers in these methods, and has nothing in the others. */
function hanging(...methods: (keyof Store)[]): Plugin {
  const never = () => new Promise<never>(() => {});
  const store: Store = {
    name: "hanging",
    putResponse: async () => {},
    getResponse: async () => undefined,
    getHistory: async () => undefined,
    deleteResponse: async () => false,
    check: async () => {},
    ...Object.fromEntries(methods.map((method) => [method, never])),
  };
  return plugin("store", ({ stores }) => stores.use(store));
}

const start = (...methods: (keyof Store)[]) =>
  startInProcess({
    plugins: [scripted(says("noon"), says("noon"))],
    store: hanging(...methods),
    limits: { storeTimeoutMs: 5 },
  });

describe("a store that does not answer within timeouts.storeMs", () => {
  it("fails the response that it was to store", async () => {
    const vr = await start("putResponse");
    expect(await vr.post()).toMatchObject(UNAVAILABLE);
    const { response } = await vr.stream();
    expect(response).toMatchObject({ status: "failed", error: { code: "server_error" } });
    expect(JSON.stringify(vr.log.map(({ fields }) => String(fields.err)))).toMatch(
      /cannot store response .*\\"hanging\\" did not answer within 5 ms \(timeouts.storeMs\)/,
    );
  });

  it("is not taken for one that has nothing", async () => {
    const vr = await start("getHistory", "getResponse", "deleteResponse");
    expect(await vr.post({ previous_response_id: ID })).toMatchObject(UNAVAILABLE);
    const reference = { type: "item_reference", id: `msg_${"0".repeat(52)}` };
    expect(await vr.post({ input: [reference] })).toMatchObject(UNAVAILABLE);
    expect(await vr.get(ID)).toMatchObject(UNAVAILABLE);
    expect(await vr.remove(ID)).toBe(503);
  });

  it("makes the gateway not ready", async () => {
    const vr = await start("check");
    const answer = await fetch(`${vr.url}/ready`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ store: { ok: false } });
  });

  it("does not matter to what is not stored", async () => {
    const vr = await start("putResponse", "getHistory", "getResponse");
    expect((await vr.post({ store: false })).response.status).toBe("completed");
  });
});
