import { describe, expect, it } from "vitest";
import { defineConfig } from "../../core/config.ts";
import { defaults } from "../../plugins/defaults/index.ts";
import { logger } from "../../plugins/logger/index.ts";
import { storeKeyv } from "../../plugins/store-keyv/index.ts";
import shipped from "../../vr.config.ts";
import { plugin } from "../helpers/both-ways.ts";

const namesOf = (plugins: readonly { name: string }[]) => plugins.map(({ name }) => name);
const ALL = ["find-server", "store-sqlite", "code-interpreter", "mcp", "logger"];
/** Configurations of plain JavaScript, which no type holds to anything. */
const untyped = defaults as (options: unknown) => ReturnType<typeof defaults>;

describe("defaults()", () => {
  it("is the shipped set, in its order", () => {
    expect(namesOf(defaults())).toEqual(ALL);
    expect(namesOf(shipped.plugins)).toEqual(ALL);
  });

  it("leaves out what is false, and keeps what is undefined", () => {
    expect(namesOf(defaults({ store: false, mcp: false }))).toEqual([
      "find-server",
      "code-interpreter",
      "logger",
    ]);
    expect(namesOf(untyped({ store: undefined }))).toEqual(ALL);
    const none = {
      upstream: false,
      store: false,
      codeInterpreter: false,
      mcp: false,
      logger: false,
    } as const;
    expect(defaults(none)).toEqual([]);
  });

  it("hands each member its own options, checked where they are written", () => {
    expect(namesOf(defaults({ logger: { level: "debug" }, store: { path: ":memory:" } }))).toEqual(ALL);
    expect(() => untyped({ logger: { levl: "debug" } })).toThrow('plugin "logger": Unrecognized key: "levl"');
    expect(() => untyped({ store: { taps: true } })).toThrow(
      'plugin "store-sqlite": Unrecognized key: "taps"',
    );
  });

  it.each<[string, unknown, string]>([
    [
      "an unknown member",
      { loger: {} },
      'defaults: Unrecognized key: "loger"; there are upstream, store, codeInterpreter, mcp, logger',
    ],
    ["a member that every object has", { toString: {} }, 'Unrecognized key: "toString"'],
    ["the name of a plugin", { "store-sqlite": false }, 'Unrecognized key: "store-sqlite"'],
    ["true", { store: true }, "defaults: store: expected its options, or false"],
    ["null", { store: null }, "defaults: store: expected its options, or false"],
    ["a path", { store: "/srv/vr.db" }, "defaults: store: expected its options, or false"],
    ["another plugin", { store: storeKeyv() }, "[...defaults({ store: false }), yours()]"],
    ["a list", [], "defaults: expected an object"],
    ["null for everything", null, "defaults: expected an object"],
    ["false for everything", false, "defaults: expected an object"],
  ])("refuses %s", (_, options, message) => {
    expect(() => untyped(options)).toThrow(message);
  });

  it("stands in a configuration with the plugins of one's own", () => {
    const mine = plugin("mine", () => {});
    const { plugins } = defineConfig({ plugins: [...defaults({ logger: {}, store: false }), mine] });
    expect(namesOf(plugins)).toEqual(["find-server", "code-interpreter", "mcp", "logger", "mine"]);
  });

  it("that is not spread, or whose member is there twice, is an error that says what to do", () => {
    expect(() => defineConfig({ plugins: [defaults()] as never })).toThrow(
      "plugins[0]: a list of plugins: spread it",
    );
    expect(() => defineConfig({ plugins: [...defaults(), logger()] })).toThrow(
      'plugins[5]: "logger" is plugins[4] already',
    );
    expect(() => defineConfig({ plugins: [...defaults(), ...defaults()] })).toThrow(
      '"find-server" is plugins[0] already',
    );
  });
});
