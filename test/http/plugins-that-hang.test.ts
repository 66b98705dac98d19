import { describe, expect, it } from "vitest";
import type { Plugin, Vr } from "../../core/plugin.ts";
import type { Store } from "../../core/store.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, gate, says, scripted } from "../helpers/scripted.ts";

const clock = plugin("clock", ({ tools }) =>
  tools.add({ name: "clock", parameters: {}, execute: () => ({ kind: "output", output: "12" }) }),
);

/** A tap that says when it is called, and never answers. */
function hanging(tap: (hooks: Vr["hooks"], hang: () => Promise<never>) => void) {
  const called = gate();
  const hang = () => {
    called.open();
    return new Promise<never>(() => {});
  };
  return { called: called.promise, plugin: plugin("hanging", ({ hooks }) => tap(hooks, hang)) };
}

/** A store that hangs in one of its methods. */
function hangingStore(method: keyof Store) {
  const called = gate();
  const store: Store = {
    name: "hanging",
    putResponse: async () => {},
    getResponse: () => undefined,
    getHistory: () => [],
    deleteResponse: () => false,
    [method]: () => {
      called.open();
      return new Promise<never>(() => {});
    },
  };
  return { called: called.promise, plugin: plugin("store", ({ stores }) => stores.use(store)) };
}

const model = () => scripted(calls(["clock", {}]), says("noon"));
const LATE: [string, () => { called: Promise<void>; plugin: Plugin }][] = [
  ["an asynchronous onChunk tap", () => hanging((hooks, hang) => hooks.onChunk.tap({ async: true }, hang))],
  ["an onOutputItem tap", () => hanging((hooks, hang) => hooks.onOutputItem.tap(hang))],
  ["an onToolCall tap", () => hanging((hooks, hang) => hooks.onToolCall.tap(hang))],
  [
    "a later turn's beforeUpstream tap",
    () =>
      hanging((hooks, hang) => hooks.beforeUpstream.tap((_, { index }) => (index > 0 ? hang() : undefined))),
  ],
  ["a store that does not store", () => hangingStore("putResponse")],
];

describe("a plugin that never answers does not keep the gateway from ending", () => {
  it.each(LATE)("%s: the stream gets its terminal event", async (_, make) => {
    const { called, plugin: wrong } = make();
    const vr = await startInProcess({ plugins: [model(), clock, wrong], store: null });
    const stream = await vr.open();
    const rest = stream.rest();
    await called;
    await vr.close();
    expect((await rest).response).toMatchObject({
      status: "failed",
      error: { message: "The gateway is shutting down." },
    });
  });

  it.each<[string, object, () => { called: Promise<void>; plugin: Plugin }]>([
    ["a beforeUpstream tap", {}, () => hanging((hooks, hang) => hooks.beforeUpstream.tap(hang))],
    [
      "a store that does not find",
      { previous_response_id: `resp_${"0".repeat(48)}` },
      () => hangingStore("getHistory"),
    ],
  ])("%s before anything was sent: 503", async (_, body, make) => {
    const { called, plugin: wrong } = make();
    const vr = await startInProcess({ plugins: [model(), clock, wrong], store: null });
    const answer = vr.stream(body);
    await called;
    await vr.close();
    expect((await answer).status).toBe(503);
  });
});
