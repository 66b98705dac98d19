import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { ModelFunction, ModelRequest } from "../../../core/index.ts";
import { isClosed } from "../../../plugins/dialect-chat/closed-schema.ts";
import {
  type SchemaQuirks,
  toParameters,
} from "../../../plugins/upstream-http/tool-schemas/to-parameters.ts";
import { UsableTools } from "../../../plugins/upstream-http/tool-schemas/usable-tools.ts";

const QUIRKS: SchemaQuirks = { rootUnions: "merge", untypedSchemas: "keep" };
const repaired = (schema: unknown, quirks: Partial<SchemaQuirks> = {}) =>
  toParameters(schema, { ...QUIRKS, ...quirks });
/** The same below the top. */
const property = (schema: unknown, quirks?: Partial<SchemaQuirks>) =>
  (repaired({ type: "object", properties: { x: schema } }, quirks).properties as { x: unknown }).x;

const object = (properties: object, rest: object = {}) => ({ type: "object", properties, ...rest });
const text = { type: "string" };

describe("the parameters of a function", () => {
  it("are the same object where nothing is wrong with them", () => {
    const good = object(
      {
        city: { type: "string", description: "Where.", default: null, examples: [null], enum: ["a", null] },
        properties: { type: "object", properties: { required: { type: "boolean" } }, required: ["required"] },
        type: { anyOf: [text, { type: "null" }] },
        tree: { $ref: "#/$defs/tree" },
        any: {},
        many: { type: ["array", "null"], items: text },
      },
      {
        required: ["city", "type"],
        additionalProperties: false,
        $defs: { tree: { type: "object", additionalProperties: { $ref: "#/$defs/tree" } } },
      },
    );
    expect(repaired(good)).toBe(good);
  });

  it.each([
    ["none", undefined],
    ["null", null],
    ["an empty object", {}],
    ["true, which means anything", true],
    ["the draft alone", { $schema: "http://json-schema.org/draft-07/schema#" }],
    ["an object without properties", { type: "object" }],
    ["properties that are null", { type: "object", properties: null }],
    ["properties that are an empty list, as PHP has it", { type: "object", properties: [] }],
    ["the type null: no arguments", { type: "null" }],
    ["the type in upper case", { type: "OBJECT" }],
    ["the type of another language", { type: "dict" }],
    ["a list of types", { type: ["object", "null"] }],
    ["properties without a type", { properties: {} }],
    ["required: null", { type: "object", properties: {}, required: null }],
    ["required: an object, as PHP has it", { type: "object", properties: {}, required: {} }],
    ["required: true", { type: "object", properties: {}, required: true }],
    [
      "other keywords that are null",
      { type: "object", description: null, additionalProperties: null, anyOf: null },
    ],
  ])("%s: take no arguments", (_, schema) => {
    const before = JSON.stringify(schema);
    expect(repaired(schema)).toMatchObject({ type: "object", properties: {} });
    expect(Object.values(repaired(schema))).not.toContain(null);
    expect(JSON.stringify(schema)).toBe(before);
  });

  it.each([
    ["a text", text, 'values of type "string"'],
    ["an array", { type: ["array", "null"], items: {} }, '"array" or "null"'],
    ["a list", [], "an array"],
    ["a word", "string", "a string"],
    ["false, which means nothing", false, "false"],
  ])("for %s cannot be used", (_, schema, why) => {
    expect(() => repaired(schema)).toThrow(why);
  });

  it("nested too deeply cannot be used, however deep", () => {
    let schema: object = {};
    for (let i = 0; i < 100_000; i += 1) schema = { type: "object", properties: { a: schema } };
    expect(() => repaired(schema)).toThrow("levels deep");
  });

  it("that are properties alone get a schema around them", () => {
    expect(repaired({ city: text, type: { type: "str" } })).toEqual(
      object({ city: text, type: { type: "string" } }),
    );
    // This one is a schema: of an object with values of one type.
    expect(repaired({ additionalProperties: text })).toEqual(object({}, { additionalProperties: text }));
  });

  it("of older drafts name what is required in the property, or among the properties", () => {
    expect(
      repaired(object({ a: { type: "string", required: true }, b: { type: "string", required: false } })),
    ).toEqual(object({ a: text, b: text }, { required: ["a"] }));
    expect(repaired(object({ coin: text, required: ["coin", "no"] }))).toEqual(
      object({ coin: text }, { required: ["coin"] }),
    );
    // A property may have that name.
    expect(repaired(object({ required: { type: "boolean" } }))).toEqual(
      object({ required: { type: "boolean" } }),
    );
  });

  it("require only what there is, once, by name", () => {
    expect(repaired(object({ a: text }, { required: ["a", "a", null, "b", 1] })).required).toEqual(["a"]);
    // What is there by another rule stays.
    const open = object({ a: text }, { required: ["b"], additionalProperties: text });
    expect(repaired(open)).toBe(open);
  });

  it("that are a reference are what it leads to", () => {
    const definitions = { Find: object({ q: text }, { required: ["q"] }) };
    expect(repaired({ $ref: "#/definitions/Find", definitions })).toEqual({
      ...definitions.Find,
      definitions,
    });
    expect(repaired({ $ref: "#" })).toMatchObject({ type: "object", properties: {} });
    expect(repaired({ $ref: "https://example.com/find.json" })).toEqual(object({}));
  });

  describe("with a union at the top", () => {
    const byId = object({ id: text, how: { const: "id" } }, { required: ["how", "id"] });
    const byName = object({ name: text, how: { const: "name" } }, { required: ["how", "name"] });

    it.each(["anyOf", "oneOf"])("%s: all properties in one object, required what all require", (union) => {
      expect(repaired({ [union]: [byId, byName, { type: "null" }] })).toEqual(
        object(
          { id: text, how: { anyOf: [{ const: "id" }, { const: "name" }] }, name: text },
          { required: ["how"] },
        ),
      );
    });

    it("allOf: all properties, and all that any requires", () => {
      const { required } = repaired({ allOf: [byId, { required: ["x"], properties: { x: text } }] });
      expect(required).toEqual(["how", "id", "x"]);
    });

    it("of references and of unions", () => {
      const $defs = { a: { anyOf: [byId] }, b: { anyOf: [{ $ref: "#/$defs/b" }, byName] } };
      const { properties } = repaired({ anyOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/b" }], $defs });
      expect(Object.keys(properties as object)).toEqual(["id", "how", "name"]);
    });

    it("stays where the server takes it", () => {
      expect(repaired({ anyOf: [byId, byName] }, { rootUnions: "keep" })).toEqual({
        type: "object",
        properties: {},
        anyOf: [byId, byName],
      });
    });
  });
});

describe("a schema within them", () => {
  it.each([
    ["null", null, {}],
    ["true", true, {}],
    ["the name of a type", "string", text],
    ["a description", "Where to look.", { description: "Where to look." }],
    ["a list of values", ["c", "f"], { enum: ["c", "f"] }],
    ["a type of another language", { type: "bool" }, { type: "boolean" }],
    ["an unknown type", { type: "thing", description: "x" }, { description: "x" }],
    ["a type that is null", { type: null }, {}],
    ["types, some of another language", { type: ["str", "None"] }, { type: ["string", "null"] }],
    ["an enum of nothing", { type: "string", enum: [] }, text],
    ["an enum with a value twice", { enum: ["a", "b", "a"] }, { enum: ["a", "b"] }],
    ["a draft of its own", { type: "string", $schema: "x" }, text],
    [
      "lengths that are none",
      { type: "string", minLength: -1, maxLength: "9" },
      { type: "string", maxLength: 9 },
    ],
    [
      "a tuple with a place for nothing",
      { type: "array", prefixItems: [null, "string"] },
      { type: "array", prefixItems: [{}, text], items: {} },
    ],
    ["an enum that is null", { type: "string", enum: null }, text],
    ["a description that is a list", { type: "string", description: ["a"] }, text],
    ["limits as text", { type: "integer", minimum: "1", maximum: "many" }, { type: "integer", minimum: 1 }],
    [
      "exclusive limits of draft 4",
      { type: "number", minimum: 0, exclusiveMinimum: true },
      { type: "number", exclusiveMinimum: 0 },
    ],
    ["a union of one", { anyOf: text }, { anyOf: [text] }],
    ["a union with nothing", { anyOf: [{ not: {} }, text, null] }, { anyOf: [text] }],
    ["a union of nothing", { oneOf: [], type: "string" }, text],
    ["an array of what is not said", { type: "array" }, { type: "array", items: {} }],
    ["items that are null", { type: "array", items: null }, { type: "array", items: {} }],
    [
      "a tuple of older drafts",
      { type: "array", items: ["string", {}] },
      { type: "array", prefixItems: [text, {}], items: {} },
    ],
    ["items that are true", { type: "array", items: true }, { type: "array", items: {} }],
    ["items by a type's name", { type: "array", items: "string" }, { type: "array", items: text }],
    ["items without the array", { items: text }, { items: text, type: "array" }],
    [
      "properties without the object",
      { properties: { a: text } },
      { properties: { a: text }, type: "object" },
    ],
    ["a pattern without the text", { pattern: "^a" }, { pattern: "^a", type: "string" }],
    [
      "additionalProperties as text",
      { type: "object", additionalProperties: "false" },
      { type: "object", additionalProperties: false },
    ],
    ["a reference to nothing", { $ref: "#/$defs/gone", description: "x" }, { description: "x" }],
    ["a reference to elsewhere", { $ref: "https://example.com/a.json" }, {}],
    ["a reference that is no text", { $ref: { a: 1 }, type: "string" }, text],
  ])("%s", (_, schema, expected) => {
    expect(property(schema)).toEqual(expected);
    // Wherever a schema may stand.
    expect(property({ type: "object", properties: { y: schema } })).toMatchObject({
      properties: { y: expected },
    });
  });

  it("that matches nothing is no property", () => {
    expect(repaired(object({ a: false, additionalProperties: false }))).toEqual(object({}));
  });

  it("named like what objects inherit is a property like others", () => {
    const given = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"str"},"constructor":{"type":"str"}}}',
    );
    const made = repaired(given).properties as object;
    expect(Object.keys(made)).toEqual(["__proto__", "constructor"]);
    expect(JSON.stringify(made)).toBe('{"__proto__":{"type":"string"},"constructor":{"type":"string"}}');
  });

  it("that allows anything gets all types where the server wants one", () => {
    const all = ["string", "number", "boolean", "object", "array", "null"];
    const quirks = { untypedSchemas: "all-types" } as const;
    expect(property({ description: "Any value." }, quirks)).toEqual({ description: "Any value.", type: all });
    expect(property(true, quirks)).toEqual({ type: all });
    expect(property({ type: "array" }, quirks)).toEqual({ type: "array", items: { type: all } });
    expect(property({ enum: [1, "a"] }, quirks)).toEqual({ enum: [1, "a"] });
  });

  it("is valid whatever stood there", () => {
    const odd = [
      ...[
        null,
        true,
        false,
        0,
        -1,
        1.5,
        "",
        "string",
        "#",
        [],
        ["a"],
        ["a", "a"],
        {},
        { type: null },
        { a: 1 },
      ],
      ...[[{}], [null], [false], [[]], { not: {} }, { $ref: "#" }, { required: true }],
    ];
    const keywords = [
      ...[
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "anyOf",
        "allOf",
        "oneOf",
        "not",
        "$ref",
        "$defs",
      ],
      ...["additionalProperties", "description", "minimum", "exclusiveMaximum", "maxLength", "pattern", "if"],
      ...[
        "$schema",
        "multipleOf",
        "minItems",
        "exclusiveMinimum",
        "then",
        "dependentSchemas",
        "propertyNames",
      ],
      ...["prefixItems", "patternProperties", "uniqueItems", "title", "format", "definitions", "contains"],
    ];
    const ajv = [new Ajv({ strict: false, logger: false }), new Ajv2020({ strict: false, logger: false })];
    for (const keyword of keywords)
      for (const value of odd) {
        const node = { type: "string", [keyword]: value };
        const made = repaired(
          object(
            { a: node, b: { type: "array", items: node } },
            keyword === "type" ? {} : { [keyword]: value },
          ),
        );
        for (const each of ajv)
          expect(
            each.validateSchema(made),
            `${keyword}: ${JSON.stringify(value)} → ${JSON.stringify(made)}`,
          ).toBe(true);
      }
  });
});

describe("a schema as an attacker would write it", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `name_${i}`);

  it("with definitions that multiply cannot be used", () => {
    const $defs = Object.fromEntries(
      many(6).map((name, i) => [name, { anyOf: Array(100).fill({ $ref: `#/$defs/name_${(i + 1) % 6}` }) }]),
    );
    expect(() => repaired({ anyOf: [{ $ref: "#/$defs/name_0" }], $defs })).toThrow("variants");
  });

  it.each([
    ["literals", { type: "object", properties: {}, default: 1 }, "default"],
    ["what nobody knows", { type: "object", properties: {}, "x-more": 1 }, "x-more"],
  ])("deep in %s cannot be used", (_, schema, keyword) => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) deep = [deep];
    expect(() => repaired({ ...schema, [keyword]: deep })).toThrow("levels deep");
    const round: Record<string, unknown> = { type: "object" };
    round.properties = { round };
    expect(() => repaired(round)).toThrow("levels deep");
  });

  // Each takes minutes where the time grows with the square.
  it.each<[string, (names: string[]) => object]>([
    [
      "required names",
      (names) => object(Object.fromEntries(names.map((name) => [name, text])), { required: names }),
    ],
    [
      "references by name",
      (names) => ({
        ...object(Object.fromEntries(names.map((name) => [name, { $ref: `#${name}` }]))),
        $defs: Object.fromEntries(names.map((name) => [name, { ...text, $anchor: name }])),
      }),
    ],
    [
      "references that lead nowhere",
      (names) => object(Object.fromEntries(names.map((name) => [name, { $ref: `#${name}` }]))),
    ],
    [
      "required names of variants",
      (required) => ({
        anyOf: [object({}, { required }), object({}, { required: [...required].reverse() })],
      }),
    ],
  ])("with very many %s takes no longer than its size", (_, schema) => {
    const made = repaired(schema(many(60_000)));
    expect(made.type).toBe("object");
    expect(isClosed({ ...made, additionalProperties: false })).toBeTypeOf("boolean");
  });
});

describe("the functions of a request", () => {
  const ask = (tools: ModelFunction[], toolChoice: ModelRequest["toolChoice"] = { mode: "auto" }) => {
    const warnings: string[] = [];
    const request = {
      model: "m",
      items: [],
      tools,
      toolChoice,
      stream: false,
      passthrough: {},
    } as ModelRequest;
    const usable = new UsableTools(QUIRKS);
    return { request, warnings, made: () => usable.of(request, (warning) => warnings.push(warning)) };
  };
  const good = { name: "good", parameters: object({}) };
  const bad = { name: "bad", parameters: text };

  it("are those of the request where nothing is wrong", () => {
    const { request, made } = ask([good]);
    expect(made()).toBe(request);
  });

  it("are mended in copies, made once of a schema", () => {
    const given = { name: "a", parameters: object({}, { required: null }) };
    const { made } = ask([given]);
    expect(made().tools).toEqual([{ name: "a", parameters: object({}) }]);
    expect(made().tools[0]?.parameters).toBe(made().tools[0]?.parameters);
    expect(given.parameters).toHaveProperty("required", null);
  });

  it("lack those that cannot be used, by name", () => {
    const { made, warnings } = ask([bad, good], { mode: "required", names: ["bad", "good"] });
    expect(made()).toMatchObject({ tools: [good], toolChoice: { mode: "required", names: ["good"] } });
    expect(warnings).toEqual([expect.stringMatching(/^the tool "bad" was left out: .* type "string"/)]);
  });

  it("are counted, not named, where very many cannot be used", () => {
    const { made, warnings } = ask(Array.from({ length: 1_000 }, (_, i) => ({ ...bad, name: `bad_${i}` })));
    expect([made().tools, warnings.length]).toEqual([[], 9]);
    expect(warnings.at(-1)).toBe("992 more tools were left out: their schemas cannot be used");
  });

  it("refuse a choice that only those could keep", () => {
    const refusal = expect.objectContaining({ status: 400, param: "tool_choice" });
    expect(ask([bad, good], { mode: "required", names: ["bad"] }).made).toThrow(refusal);
    expect(ask([bad], { mode: "required" }).made).toThrow(refusal);
    expect(ask([bad], { mode: "auto" }).made().tools).toEqual([]);
  });
});
