import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineConfig } from "../../core/config.ts";
import { definePlugin, type Plugin, type Tool, type ToolKind } from "../../core/index.ts";
import { codeInterpreter } from "../../plugins/code-interpreter/index.ts";
import { demo } from "../../plugins/demo/index.ts";
import { findServer } from "../../plugins/find-server/index.ts";
import { guardBlocklist } from "../../plugins/guard-blocklist/index.ts";
import { logger } from "../../plugins/logger/index.ts";
import { mcp } from "../../plugins/mcp/index.ts";
import { storeKeyv } from "../../plugins/store-keyv/index.ts";
import { storeSqlite } from "../../plugins/store-sqlite/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

const starting = (...plugins: Plugin[]) => startInProcess({ plugins: [scripted(), ...plugins] });
const clock = (more: Partial<Tool> = {}): Tool => ({
  name: "clock",
  parameters: {},
  execute: () => "12",
  ...more,
});
const adding = (name: string, tool: Tool, options?: object) =>
  plugin(name, ({ tools }) => tools.add(tool, options));
const kind = (name: string, of: Partial<ToolKind>) =>
  plugin(name, ({ tools }) => tools.kind({ type: "web_search", resolve: () => undefined, ...of }));

describe("two of one name stop the start, with the names of both plugins", () => {
  it.each<[string, Plugin[], string]>([
    [
      "tools",
      [adding("one", clock()), adding("two", clock())],
      'plugin "two" adds a tool named "clock", which plugin "one" has added already',
    ],
    [
      "tools that only requests offer",
      [adding("one", clock(), { offer: "request" }), adding("two", clock(), { offer: "request" })],
      'plugin "two" adds a tool named "clock", which plugin "one" has added already',
    ],
    [
      "tools of one plugin",
      [adding("one", clock()), adding("one", clock())],
      'plugin "one" adds a tool named "clock", which it has added already',
    ],
    [
      "tools that clients see by one name",
      [
        adding("one", clock({ label: "time" })),
        adding("two", clock({ name: "hour", wireName: "clock", label: "time" })),
      ],
      'plugin "two" adds a tool that clients see as "clock" of "time", which plugin "one" has added already',
    ],
    [
      "tool kinds",
      [kind("one", {}), kind("two", {})],
      'plugin "two" adds the tool kind "web_search", which plugin "one" has added already',
    ],
    [
      "tool kinds of the same items",
      [
        kind("one", { items: ["web_search_call"] }),
        kind("two", { type: "file_search", items: ["file_search_call", "web_search_call"] }),
      ],
      'plugin "two" adds a tool kind of "web_search_call" items, which plugin "one" has added already',
    ],
  ])("%s", async (_, plugins, message) => {
    await expect(starting(...plugins)).rejects.toThrow(message);
  });

  it("but not tools that clients see under different labels, nor a plugin's tools beside an mcp kind", async () => {
    const one = adding("one", clock({ wireName: "now" }));
    const two = adding("two", clock({ name: "hour", wireName: "now" }));
    await starting(one, two, kind("mcp", { type: "mcp" }));
  });
});

describe("a plugin of which two make no sense", () => {
  it.each<[string, () => Plugin]>([
    ["logger", () => logger()],
    ["store-sqlite", () => storeSqlite()],
    ["store-keyv", () => storeKeyv()],
    ["code-interpreter", () => codeInterpreter()],
    ["mcp", () => mcp()],
    ["find-server", () => findServer()],
  ])("is an error where it is written: %s", (name, make) => {
    expect(() => defineConfig({ plugins: [make(), demo(), make()] })).toThrow(
      `config: plugins[2]: "${name}" is plugins[0] already: one is enough`,
    );
  });

  it("may be anybody's: { once: true }, with options and without", () => {
    const plain = definePlugin({ name: "meter", once: true, setup() {} });
    const optional = definePlugin({ name: "gauge", once: true, options: z.object({}), setup() {} });
    expect(() => defineConfig({ plugins: [plain(), plain()] })).toThrow('"meter" is plugins[0] already');
    expect(() => defineConfig({ plugins: [optional(), optional()] })).toThrow(
      '"gauge" is plugins[0] already',
    );
  });

  it("is known by its name, whichever of the two says so", () => {
    const mine = plugin("logger", () => {});
    expect(() => defineConfig({ plugins: [mine, logger()] })).toThrow("plugins[1]");
    expect(() => defineConfig({ plugins: [logger(), mine] })).toThrow("plugins[1]");
  });

  it("is not what others are: two guardrails with words of their own", () => {
    const guards = [guardBlocklist({ words: ["a"] }), guardBlocklist({ words: ["b"] })];
    expect(defineConfig({ plugins: guards }).plugins).toHaveLength(2);
  });

  it("is not what a list of plugins is: that must be spread", () => {
    expect(() => defineConfig({ plugins: [[demo()]] as never })).toThrow(
      "config: plugins[0]: a list of plugins: spread it, with ... in front",
    );
    expect(() => defineConfig({ plugins: [demo] as never })).toThrow("was its function called?");
  });
});

describe("a tool that cannot be called", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.properties = cyclic;
  it.each<[string, object | undefined, string]>([
    ["nothing", undefined, 'plugin "wrong" adds a tool that is not an object'],
    ["one without a name", { ...clock(), name: undefined }, "adds a tool named undefined: names match"],
    [
      "one without parameters",
      { name: "clock", execute: () => "12" },
      'adds the tool "clock": parameters must be a JSON Schema',
    ],
    [
      "parameters of null",
      clock({ parameters: null as never }),
      'adds the tool "clock": parameters must be a JSON Schema',
    ],
    ["parameters that are a list", clock({ parameters: [] as never }), "parameters must be a JSON Schema"],
    [
      "parameters of another type",
      clock({ parameters: { type: "string" } }),
      'with wrong parameters: type must be "object"',
    ],
    [
      "parameters of several types",
      clock({ parameters: { type: ["object", "null"] } }),
      'type must be "object"',
    ],
    [
      "properties that are a list",
      clock({ parameters: { type: "object", properties: [] } }),
      "with wrong parameters: properties must be an object",
    ],
    [
      "a required that is no list",
      clock({ parameters: { type: "object", required: true } }),
      "required must be a list of names",
    ],
    [
      "a zod schema",
      clock({ parameters: z.object({ zone: z.string() }) as never }),
      "use z.toJSONSchema(schema)",
    ],
    ["parameters that refer to themselves", clock({ parameters: cyclic }), "cannot be written as JSON"],
    ["one without a function", { name: "clock", parameters: {} }, "execute must be a function"],
    ["a misread switch", clock({ needsApproval: "never" as never }), "needsApproval must be true or false"],
    ["a description that is none", clock({ description: {} as never }), "description must be a text"],
  ])("is refused with the plugin's name: %s", async (_, tool, message) => {
    await expect(starting(adding("wrong", tool as Tool))).rejects.toThrow(message);
    await expect(starting(adding("wrong", tool as Tool))).rejects.toThrow('plugin "wrong"');
  });

  it.each<[string, object, string]>([
    ["an unknown option", { offered: "request" }, 'with the option "offered"; there is offer'],
    [
      "a misspelt offer, which would be one to everybody",
      { offer: "requests" },
      'offer must be "always" or "request"',
    ],
  ])("is one that is offered wrongly: %s", async (_, options, message) => {
    await expect(starting(adding("wrong", clock(), options))).rejects.toThrow(message);
  });

  it.each<[string, object, string]>([
    ["no type", { type: undefined }, "adds a tool kind without a type"],
    ["no function", { resolve: undefined }, 'adds the tool kind "web_search": resolve must be a function'],
    ["items that are no list", { items: "web_search_call" }, "items must be a list"],
  ])("is no more wrong than a kind with %s", async (_, of, message) => {
    await expect(starting(kind("wrong", of as ToolKind))).rejects.toThrow(message);
  });

  it("is not one of any class: what it says on its prototype counts too", async () => {
    class Safe {
      name = "safe";
      parameters = {};
      get needsApproval() {
        return true;
      }
      execute() {
        return "opened";
      }
    }
    const vr = await startInProcess({
      plugins: [scripted(calls(["safe", {}]), says("open")), adding("bank", new Safe())],
    });
    const { response } = await vr.post();
    expect(response.output).toMatchObject([{ type: "mcp_approval_request", name: "safe" }]);
  });
});
