import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../core/index.ts";
import { checkArguments } from "../../../plugins/mcp/check-arguments.ts";

const check = (inputSchema: JsonSchema, args: Record<string, unknown>, trusted = false) =>
  checkArguments({ name: "look_up", inputSchema }, args, trusted);

/** Ten definitions or so, each of which asks for the one below it twice. */
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
const recursive: JsonSchema = {
  type: "object",
  properties: { children: { type: "array", items: { $ref: "#" } }, name: { type: "string" } },
};

describe.each([
  ["the operator's server", true],
  ["a server that the request names", false],
])("arguments for %s", (_, trusted) => {
  it("are checked through references", async () => {
    const schema = {
      type: "object",
      properties: { place: { $ref: "#/$defs/a~1b" } },
      $defs: { "a/b": { type: "string" } },
    };
    expect(await check(schema, { place: "Rome" }, trusted)).toBeUndefined();
    expect(await check(schema, { place: 1 }, trusted)).toContain("/place must be string");
  });

  it.each<[string, JsonSchema]>([
    ["that leads to itself", { $ref: "#" }],
    ["that cannot be compiled", { type: "object", required: "place" }],
    [
      "that answers later, and then with an error nobody hears",
      { $async: true, type: "object", required: ["place"] },
    ],
  ])("are the server's to check by a schema %s", async (_, schema) => {
    expect(await check(schema, {}, trusted)).toBeUndefined();
  });
});

describe("a schema that takes long", () => {
  it("checks the arguments for the operator's servers", async () => {
    expect(await check(doubling(3), {}, true)).toContain("must have required property 'place'");
    expect(await check(recursive, { children: [{ name: 1 }] }, true)).toContain(
      "/children/0/name must be string",
    );
  });

  it.each<[string, JsonSchema]>([
    ["grows with each reference", doubling(40)],
    ["is applied as deep as the arguments go", recursive],
    [
      "has a regular expression",
      { type: "object", properties: { name: { type: "string", pattern: "^(a+)+$" } } },
    ],
    [
      "has references of a kind that is not followed",
      { $defs: { a: { $anchor: "a" } }, properties: { name: { $ref: "#a" } } },
    ],
    [
      "gives its parts other names",
      { properties: { name: { $id: "urn:x", $ref: "#/$defs/a", $defs: { a: {} } } } },
    ],
  ])("is left to a server that the request names: one that %s", async (_, schema) => {
    expect(await check(schema, { name: "a".repeat(40), children: [{ name: 1 }] })).toBeUndefined();
  });
});
