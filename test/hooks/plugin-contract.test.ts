import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import {
  definePlugin,
  GuardrailStop,
  type Hooks,
  type Plugin,
  RefusedError,
  type Tap,
  type Vr,
} from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, gate, says, scripted } from "../helpers/scripted.ts";

describe("the order of taps", () => {
  const order: string[] = [];
  const noting = (name: string, ...options: [] | [Parameters<Hooks["beforeUpstream"]["tap"]>[0]]) =>
    plugin(name, ({ hooks }) => {
      const note = () => void order.push(name);
      if (typeof options[0] === "object") hooks.beforeUpstream.tap(options[0], note);
      else hooks.beforeUpstream.tap(note);
    });
  const run = async (...plugins: Plugin[]) => {
    order.length = 0;
    const vr = await startInProcess({ plugins: [scripted(says("noon")), ...plugins] });
    await vr.post();
    return order;
  };

  it("is that of the configuration", async () => {
    expect(await run(noting("one"), noting("two"), noting("three"))).toEqual(["one", "two", "three"]);
  });

  it("goes by stage first, 0 unless said", async () => {
    expect(
      await run(noting("late", { stage: 10 }), noting("middle"), noting("early", { stage: -10 })),
    ).toEqual(["early", "middle", "late"]);
  });

  it("puts a tap before another that it names", async () => {
    expect(await run(noting("one"), noting("two"), noting("three", { before: "two" }))).toEqual([
      "one",
      "three",
      "two",
    ]);
  });

  it("puts it before a tap that has a name of its own too", async () => {
    const named = plugin("one", ({ hooks }) =>
      hooks.beforeUpstream.tap({ name: "check" }, () => void order.push("one/check")),
    );
    expect(await run(named, noting("two", { before: "one/check" }))).toEqual(["two", "one/check"]);
  });
});

describe("a failing tap", () => {
  const failing = (name: string, options: { name?: string; onError?: "fail" | "warn" } = {}) =>
    plugin(name, ({ hooks }) =>
      hooks.beforeUpstream.tap(options, () => {
        throw new Error("the password is 1234");
      }),
    );

  it("is a 500 that names plugin and hook but not what went wrong inside", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("noon")), failing("guard")] });
    const { status, error } = await vr.post();
    expect(status).toBe(500);
    expect(error).toEqual({
      message: 'plugin "guard" failed in beforeUpstream',
      type: "server_error",
      code: "plugin_error",
      param: null,
    });
  });

  it("is named by the tap's own name too, where it has one", async () => {
    const vr = await startInProcess({
      plugins: [scripted(says("noon")), failing("guard", { name: "words" })],
    });
    expect((await vr.post()).error.message).toBe('plugin "guard/words" failed in beforeUpstream');
  });

  it("is logged once, with its cause, for whoever runs the gateway", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("noon")), failing("guard")] });
    await vr.post();
    const lines = vr.log.filter(({ level }) => level === "error");
    expect(lines).toMatchObject([
      { fields: { fault: "guard", status: 500, err: { cause: new Error("the password is 1234") } } },
    ]);
  });

  it("is passed over with onError: warn, which is for observers", async () => {
    const vr = await startInProcess({
      plugins: [scripted(says("noon")), failing("guard", { onError: "warn" })],
    });
    expect((await vr.post()).status).toBe(200);
    expect(vr.log.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it.each<[string, () => Error, object]>([
    ["a refusal", () => new RefusedError("no"), { status: 403 }],
    [
      "a guardrail's stop",
      () => new GuardrailStop("no"),
      { status: 200, response: { status: "incomplete" } },
    ],
  ])("is not what %s is: onError: warn does not soften it", async (_, error, expected) => {
    const guard = plugin("guard", ({ hooks }) =>
      hooks.beforeUpstream.tap({ onError: "warn" }, () => {
        throw error();
      }),
    );
    const vr = await startInProcess({ plugins: [scripted(says("noon")), guard] });
    expect(await vr.post()).toMatchObject(expected);
  });

  it("may throw an error of another copy of the package, which is known by its brand", async () => {
    const foreign = Object.assign(new Error("closed"), {
      [Symbol.for("vr-gateway.error")]: true,
      status: 403,
      type: "permission_error",
      param: null,
      code: null,
      headers: {},
      toJSON: () => ({ error: { message: "closed", type: "permission_error", param: null, code: null } }),
    });
    const guard = plugin("guard", ({ hooks }) =>
      hooks.beforeUpstream.tap(() => {
        throw foreign;
      }),
    );
    const vr = await startInProcess({ plugins: [scripted(says("noon")), guard] });
    expect(await vr.post()).toMatchObject({ status: 403, error: { message: "closed" } });
  });
});

describe("vr.taps()", () => {
  it("knows every tap with its calls, its errors and its time", async () => {
    let taps: readonly Readonly<Tap<unknown>>[] = [];
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["clock", {}]), says("noon")),
        plugin("guard", (api) => {
          api.tools.add({
            name: "clock",
            parameters: {},
            execute: () => ({ kind: "output", output: "12" }),
          });
          api.hooks.beforeUpstream.tap({ name: "policy" }, async () => {
            await new Promise(setImmediate);
          });
          api.hooks.onChunk.tap((chunk) => {
            if (chunk.type === "text") return text("one");
          });
          api.hooks.onToolCall.tap({ onError: "warn" }, () => {
            throw new Error("no idea");
          });
          taps = api.taps();
        }),
      ],
    });
    await vr.post();
    const figures = taps.map(({ hook, name, plugin: owner, calls: called, errors }) => ({
      hook,
      name,
      owner,
      called,
      errors,
    }));
    expect(figures).toEqual([
      { hook: "beforeUpstream", name: "guard/policy", owner: "guard", called: 2, errors: 0 },
      { hook: "onChunk", name: "guard", owner: "guard", called: 2, errors: 0 },
      { hook: "onToolCall", name: "guard", owner: "guard", called: 1, errors: 1 },
    ]);
    const [policy] = taps;
    expect(policy?.totalMs).toBeGreaterThan(0);
    expect(policy?.maxMs).toBeLessThanOrEqual(policy?.totalMs ?? 0);
  });
});

describe("set-up", () => {
  it("runs in the order of the configuration, each awaited before the next", async () => {
    const order: string[] = [];
    const slow: Plugin = {
      name: "slow",
      async setup() {
        await new Promise(setImmediate);
        order.push("slow");
      },
    };
    await startInProcess({ plugins: [slow, plugin("fast", () => void order.push("fast"))] });
    expect(order).toEqual(["slow", "fast"]);
  });

  it("seals the hooks: a tap afterwards is an error that names plugin and hook", async () => {
    let api: Vr | undefined;
    await startInProcess({
      plugins: [
        plugin("late", (vr) => {
          api = vr;
        }),
      ],
    });
    expect(() => api?.hooks.onChunk.tap(() => {})).toThrow(/"late" taps onChunk after set-up/);
  });

  it("takes functions only", async () => {
    const odd = plugin("odd", ({ hooks }) => hooks.onChunk.tap({}, undefined as unknown as () => void));
    await expect(startInProcess({ plugins: [odd] })).rejects.toThrow(/"odd" taps onChunk without a function/);
  });

  it("fails the start when it throws, naming the plugin, and closes what was set up before", async () => {
    const closed: string[] = [];
    const broken = plugin("broken", () => {
      throw new Error("no such file");
    });
    const opened = plugin("opened", (vr) => vr.onClose(() => void closed.push("opened")));
    await expect(startInProcess({ plugins: [opened, broken] })).rejects.toThrow(
      'plugin "broken" failed to set up: no such file',
    );
    expect(closed).toEqual(["opened"]);
  });

  it("closes in reverse order, and goes on when one fails", async () => {
    const closed: string[] = [];
    const closing = (name: string, fails = false) =>
      plugin(name, (vr) =>
        vr.onClose(async () => {
          closed.push(name);
          if (fails) throw new Error("stuck");
        }),
      );
    const vr = await startInProcess({ plugins: [closing("one"), closing("two", true), closing("three")] });
    await vr.close();
    expect(closed).toEqual(["three", "two", "one"]);
  });

  it("goes on when one does not close in time", async () => {
    const closed: string[] = [];
    const asked = gate();
    const store = plugin("store", (vr) => vr.onClose(() => void closed.push("store")));
    const stuck = plugin("stuck", (vr) =>
      vr.onClose(() => {
        asked.open();
        return new Promise<never>(() => {});
      }),
    );
    const vr = await startInProcess({ plugins: [store, stuck] });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const closing = vr.close();
    await asked.promise;
    vi.advanceTimersByTime(5_000);
    await closing;
    expect(closed).toEqual(["store"]);
  });

  it("gives plugins endpoints of their own", async () => {
    const vr = await startInProcess({
      plugins: [
        plugin("figures", ({ router }) =>
          router.get("/figures", (ctx) => {
            ctx.body = { answered: 42 };
          }),
        ),
      ],
    });
    expect(await (await fetch(`${vr.url}/figures`)).json()).toEqual({ answered: 42 });
  });

  it.each<[string, Plugin, string]>([
    [
      "a tool whose name no model can call",
      plugin("tools", (vr) =>
        vr.tools.add({ name: "a clock", parameters: {}, execute: () => ({ kind: "output", output: "" }) }),
      ),
      '"tools" adds a tool named "a clock"',
    ],
    [
      "a second store",
      plugin("second", (vr) => vr.stores.use({ name: "none" } as Parameters<Vr["stores"]["use"]>[0])),
      '"second" sets a store, but "store-sqlite" has set one already',
    ],
    [
      "a second upstream of one name",
      scripted(),
      '"scripted" adds an upstream named "scripted", which exists',
    ],
  ])("refuses %s, naming the plugin", async (_, wrong, message) => {
    await expect(startInProcess({ plugins: [scripted(), wrong] })).rejects.toThrow(message);
  });
});

describe("definePlugin", () => {
  const blocklist = definePlugin({
    name: "blocklist",
    options: z.object({ words: z.array(z.string()).min(1), loud: z.boolean().default(false) }),
    setup: (vr, { words, loud }) => vr.log.info({ words, loud }, "set up"),
  });

  it("checks options when the configuration calls it, naming plugin and path", () => {
    expect(() => blocklist({ words: ["a", 7 as unknown as string] })).toThrow(/"blocklist": words\[1\]: /);
    expect(() => blocklist({ words: [] })).toThrow(/"blocklist": words: /);
  });

  it("refuses an option that the schema does not know, unless the schema is loose", () => {
    const options = { words: ["a"], lowd: true };
    expect(() => blocklist(options)).toThrow('plugin "blocklist": Unrecognized key: "lowd"');
    const loose = definePlugin({ name: "loose", options: z.looseObject({}), setup: () => {} });
    expect(loose({ anything: 1 })).toMatchObject({ name: "loose" });
    const refined = definePlugin({
      name: "refined",
      options: z.object({ a: z.number(), b: z.number() }).refine(({ a, b }) => a < b, "a is not below b"),
      setup: () => {},
    });
    expect(() => refined({ a: 2, b: 1 })).toThrow("a is not below b");
    expect(() => refined({ a: 1, b: 2, ...{ c: 3 } })).toThrow('"refined": Unrecognized key: "c"');
  });

  it("hands set-up the options with their defaults", async () => {
    const vr = await startInProcess({ plugins: [blocklist({ words: ["a"] })] });
    expect(vr.log.find(({ message }) => message === "set up")?.fields).toEqual({
      plugin: "blocklist",
      words: ["a"],
      loud: false,
    });
  });
});
