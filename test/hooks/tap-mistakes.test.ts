import { describe, expect, it } from "vitest";
import type { Plugin, Vr } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

/** A plugin of plain JavaScript, which no type holds to anything. */
const untyped = (name: string, setup: (vr: { hooks: never } & Record<string, never>) => void) =>
  plugin(name, (vr) => setup(vr as never));
const starting = (...plugins: Plugin[]) => startInProcess({ plugins: [scripted(), ...plugins] });

describe("a hook that does not exist", () => {
  it("is an error at set-up that names the plugin and lists the hooks", async () => {
    const misspelt = untyped("guard", ({ hooks }) =>
      (hooks as Vr["hooks"] & { onChunks: Vr["hooks"]["onChunk"] }).onChunks.tap(() => {}),
    );
    await expect(starting(misspelt)).rejects.toThrow(
      'plugin "guard" uses the hook "onChunks", which does not exist; there are beforeUpstream, onChunk, onOutputItem, onToolCall, onComplete',
    );
  });

  it("is one with ?. too, which would leave a guardrail out in silence", async () => {
    const hopeful = untyped("guard", ({ hooks }) =>
      (hooks as { onRequest?: Vr["hooks"]["onChunk"] }).onRequest?.tap(() => {}),
    );
    await expect(starting(hopeful)).rejects.toThrow('"guard" uses the hook "onRequest"');
  });

  it("is one when it is taken out of the object", async () => {
    const taken = untyped("guard", ({ hooks }) => {
      const { onchunk } = hooks as { onchunk: unknown };
      void onchunk;
    });
    await expect(starting(taken)).rejects.toThrow('"guard" uses the hook "onchunk"');
  });

  it("may be asked for with `in`, and the object may be looked at as any other", async () => {
    const seen: unknown[] = [];
    const curious = untyped("curious", async ({ hooks }) => {
      seen.push(
        "onChunk" in (hooks as object),
        "onEvent" in (hooks as object),
        JSON.stringify(hooks),
        String(hooks),
      );
      seen.push(Object.keys(await Promise.resolve(hooks as object)).length);
    });
    await starting(curious);
    expect(seen.slice(0, 2)).toEqual([true, false]);
    expect(seen[2]).toContain('"onChunk":{}');
  });

  it("cannot be made by writing to it, nor can one be replaced", async () => {
    const writing = (key: string) =>
      untyped("guard", ({ hooks }) => {
        (hooks as Record<string, unknown>)[key] = () => {};
      });
    await expect(starting(writing("onEvent"))).rejects.toThrow(/"guard" failed to set up: .*onEvent/);
    await expect(starting(writing("onChunk"))).rejects.toThrow(/"guard" failed to set up: .*onChunk/);
  });
});

describe("the options of a tap", () => {
  const tapping = (...given: unknown[]) =>
    plugin("guard", ({ hooks }) => (hooks.onOutputItem.tap as (...given: unknown[]) => void)(...given));
  const there = "there are name, stage, before, onError";

  it.each<[string, unknown[], string]>([
    [
      "an unknown one",
      [{ onErr: "warn" }, () => {}],
      `with the option "onErr", which it does not have; ${there}`,
    ],
    [
      "one that another hook has",
      [{ async: true }, () => {}],
      `with the option "async", which it does not have; ${there}`,
    ],
    [
      "one that every object has",
      [{ toString: 1 }, () => {}],
      'with the option "toString", which it does not have',
    ],
    [
      "a wrong value",
      [{ onError: "ignore" }, () => {}],
      'with a wrong option "onError": it takes "fail" or "warn"',
    ],
    [
      "a stage that is no number",
      [{ stage: "early" }, () => {}],
      'with a wrong option "stage": it takes a number',
    ],
    ["an empty name", [{ name: "" }, () => {}], 'with a wrong option "name": it takes a text'],
    ["a name alone, as tapable has it", ["words", () => {}], 'with "words" where its options belong'],
    ["null", [null, () => {}], "with null where its options belong"],
    ["options behind the function", [() => {}, { stage: 1 }], "with its options after the function"],
    ["options without a function", [{ stage: 1 }, undefined], "without a function"],
    ["nothing", [undefined], "without a function"],
  ])("%s: an error that names plugin and hook", async (_, given, message) => {
    await expect(starting(tapping(...given))).rejects.toThrow(`plugin "guard" taps onOutputItem ${message}`);
  });

  it("are as they were when it tapped: what the plugin does to its object later changes nothing", async () => {
    const options: { onError: "fail" | "warn" } = { onError: "fail" };
    const guard = plugin("guard", ({ hooks }) =>
      hooks.beforeUpstream.tap(options, () => {
        throw new Error("no");
      }),
    );
    const vr = await startInProcess({ plugins: [scripted(says("noon")), guard] });
    options.onError = "warn";
    expect((await vr.post()).status).toBe(500);
  });
});

describe("before", () => {
  const order: string[] = [];
  const noting = (name: string, options: { name?: string; stage?: number; before?: string } = {}) =>
    plugin(name, ({ hooks }) =>
      hooks.beforeUpstream.tap(
        options,
        () => void order.push(options.name ? `${name}/${options.name}` : name),
      ),
    );
  const run = async (...plugins: Plugin[]) => {
    order.length = 0;
    const vr = await startInProcess({ plugins: [scripted(says("noon")), ...plugins] });
    await vr.post();
    return order;
  };

  it("names a tap that is there, or the gateway does not start: the error lists those that are", async () => {
    await expect(
      run(noting("one", { name: "words" }), noting("two"), noting("three", { before: "one" })),
    ).rejects.toThrow(
      'plugin "three" taps beforeUpstream before "one", but there is no such tap: its taps are "one/words", "two"',
    );
  });

  it("does not name a tap of another hook", async () => {
    const other = plugin("one", ({ hooks }) => hooks.onChunk.tap(() => {}));
    await expect(run(other, noting("two", { before: "one" }))).rejects.toThrow(
      'before "one", but there is no such tap: it has no other tap',
    );
  });

  it("closes the plugins that were set up when it fails", async () => {
    const closed: string[] = [];
    const opened = plugin("opened", (vr) => vr.onClose(() => void closed.push("opened")));
    await expect(run(opened, noting("two", { before: "one" }))).rejects.toThrow("no such tap");
    expect(closed).toEqual(["opened"]);
  });

  it("may name a tap that comes later, and leaves the others where they are", async () => {
    expect(
      await run(noting("early", { stage: -1 }), noting("two", { before: "three" }), noting("three")),
    ).toEqual(["early", "two", "three"]);
  });

  it("puts a tap before all taps of the name", async () => {
    expect(await run(noting("one"), noting("one"), noting("two", { before: "one" }))).toEqual([
      "two",
      "one",
      "one",
    ]);
  });

  it("holds along a chain, in whatever order its taps come", async () => {
    const chain = [noting("a", { before: "b" }), noting("b", { before: "c" }), noting("c", { stage: -1 })];
    expect(await run(...chain)).toEqual(["a", "b", "c"]);
    expect(await run(...chain.toReversed())).toEqual(["a", "b", "c"]);
  });

  it("is an error in a circle", async () => {
    await expect(run(noting("a", { before: "b" }), noting("b", { before: "a" }))).rejects.toThrow(
      'taps of beforeUpstream must each run before the other: "a", "b"',
    );
    await expect(run(noting("a", { before: "a" }))).rejects.toThrow("no such tap");
  });
});
