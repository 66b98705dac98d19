import { setImmediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { JsonSchema } from "../../../core/index.ts";
import { type ArgumentCheck, checkArguments } from "../../../plugins/mcp/argument-check.ts";
import { ArgumentThread, type ThreadLimits } from "../../../plugins/mcp/argument-thread.ts";

function startThread(limits?: Partial<ThreadLimits>): ArgumentThread {
  const thread = new ArgumentThread(limits);
  onTestFinished(() => thread.close());
  return thread;
}

const tool = (inputSchema: JsonSchema) => ({ name: "look_up", inputSchema });

/** Definitions each of which asks for the one below it twice. */
const doubling = (levels: number): JsonSchema => ({
  type: "object",
  allOf: [{ $ref: `#/$defs/d${levels}` }],
  $defs: {
    d0: { required: ["place"] },
    ...Object.fromEntries(
      Array.from({ length: levels }, (_, i) => {
        const below = { $ref: `#/$defs/d${i}` };
        return [`d${i + 1}`, { allOf: [below, below] }];
      }),
    ),
  },
});
/** One definition of many properties, asked for by many. */
const repeating = (times: number): JsonSchema => {
  const named = (schema: JsonSchema) =>
    Object.fromEntries(Array.from({ length: times }, (_, i) => [`p${i}`, schema]));
  return {
    type: "object",
    properties: named({ $ref: "#/$defs/d" }),
    $defs: { d: { properties: named({ type: "string" }) } },
  };
};
const NAMED = { place: "Rome", name: `${"a".repeat(40)}!` };
const backtracking: JsonSchema = {
  type: "object",
  properties: { name: { type: "string", pattern: "^(a+)+$" } },
};

describe.each<[string, () => ArgumentCheck]>([
  ["the operator's server", () => checkArguments],
  ["a server that the request names", () => startThread().check],
])("arguments for %s", (_, start) => {
  it.each<[string, JsonSchema, Record<string, unknown>, string]>([
    [
      "through references",
      {
        type: "object",
        properties: { place: { $ref: "#/$defs/a~1b" } },
        $defs: { "a/b": { type: "string" } },
      },
      { place: 1 },
      "/place must be string",
    ],
    [
      "as deep as they go",
      {
        type: "object",
        properties: { children: { type: "array", items: { $ref: "#" } }, name: { type: "string" } },
      },
      { children: [{ name: 1 }] },
      "/children/0/name must be string",
    ],
    ["by a regular expression", backtracking, { name: "b" }, '/name must match pattern "^(a+)+$"'],
    [
      "in the words of an older draft",
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        type: "object",
        properties: { tags: { items: [{ type: "string" }] } },
      },
      { tags: [1] },
      "/tags/0 must be string",
    ],
    ["with what is missing", doubling(3), {}, "must have required property 'place'"],
  ])("are checked %s", async (_, schema, args, mistake) => {
    const check = start();
    expect(await check(tool(schema), args)).toContain(mistake);
    expect(await check(tool(schema), { place: "Rome", children: [], name: "a", tags: [] })).toBeUndefined();
  });

  it.each<[string, JsonSchema]>([
    ["that leads to itself", { $ref: "#" }],
    ["that cannot be compiled", { type: "object", required: "place" }],
    ["for no object", { type: "array", items: { type: "string" } }],
    [
      "that answers later, and then with an error nobody hears",
      { $async: true, type: "object", required: ["place"] },
    ],
    [
      "of more than 100,000 characters",
      { type: "object", required: ["place"], description: "x".repeat(100_000) },
    ],
  ])("are the server's to check by a schema %s", async (_, schema) => {
    expect(await start()(tool(schema), {})).toBeUndefined();
  });
});

describe("a schema of a server that the request names", () => {
  it.each<[string, JsonSchema, number]>([
    ["that grows with each reference", doubling(40), 200],
    ["with a regular expression that tries everything", backtracking, 200],
    ["that wants more memory than there is", repeating(1_500), 60_000],
  ])("is left to its server: one %s", async (_, schema, checkMs) => {
    const { check } = startThread({ checkMs });
    const hostile = tool(schema);
    let turns = 0;
    let isDone = false;
    const checking = check(hostile, NAMED).finally(() => {
      isDone = true;
    });
    for (; !isDone; turns++) await setImmediate();
    expect(await checking).toBeUndefined();
    // Nobody else had to wait for it, now or later.
    expect(turns).toBeGreaterThan(10);
    expect(await check(hostile, NAMED)).toBeUndefined();
    expect(await check(tool({ type: "object", required: ["place"] }), {})).toContain("'place'");
  });

  it("holds up the checks of others no longer than they may wait", async () => {
    const { check } = startThread({ checkMs: 60_000, waitMs: 100 });
    const hostile = check(tool(backtracking), NAMED);
    expect(await check(tool({ type: "object", required: ["place"] }), {})).toBeUndefined();
    void hostile;
  });

  it("does not see arguments that are too deep to be handed over, whoever is waiting", async () => {
    const { check } = startThread();
    const needsPlace = tool({ type: "object", required: ["place"] });
    const deep = JSON.parse(`{"list":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
    const checks = [{}, deep, deep, {}].map((args) => check(needsPlace, args));
    const mistake = expect.stringContaining("'place'");
    expect(await Promise.all(checks)).toEqual([mistake, undefined, undefined, mistake]);
  });

  it("is not waited for when the gateway closes", async () => {
    const thread = new ArgumentThread({ checkMs: 60_000, waitMs: 60_000 });
    const checks = [1, 2].map(() => thread.check(tool(backtracking), NAMED));
    await thread.close();
    expect(await Promise.all(checks)).toEqual([undefined, undefined]);
    expect(await thread.check(tool({ type: "object", required: ["place"] }), {})).toBeUndefined();
  });
});
