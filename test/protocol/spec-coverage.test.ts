import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InvalidRequestError } from "../../core/errors.ts";
import { parseRequest } from "../../core/pipeline/parse.ts";
import { itemProblem } from "../../core/protocol/input-items.ts";
import { toolTypeClass } from "../../core/protocol/tool-types.ts";

interface Schema {
  $ref?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  allOf?: Schema[];
  oneOf?: Schema[];
}

const source = new URL("../fixtures/openai-responses.schema.json", import.meta.url);
const defs: Record<string, Schema> = JSON.parse(readFileSync(source, "utf8")).$defs;

const resolve = (schema: Schema): Schema =>
  schema.$ref ? resolve(defs[schema.$ref.slice("#/$defs/".length)] as Schema) : schema;
const variants = (schema: Schema): Schema[] => resolve(schema).oneOf?.flatMap(variants) ?? [resolve(schema)];
const typesOf = (name: string) => [
  ...new Set(variants({ $ref: `#/$defs/${name}` }).flatMap((each) => each.properties?.type?.enum ?? [])),
];
const propertiesOf = (schema: Schema): string[] => [
  ...Object.keys(resolve(schema).properties ?? {}),
  ...(resolve(schema).allOf?.flatMap(propertiesOf) ?? []),
];

/** What the parser says of one value, whatever else is wrong with the body. */
function says(body: object): string {
  try {
    const { extra = {} } = parseRequest({ input: "hi", ...body });
    return Object.keys(extra)
      .map((name) => `unknown parameter ${name}`)
      .join();
  } catch (error) {
    if (error instanceof InvalidRequestError) return error.message;
    throw error;
  }
}

describe("the parser against the API's own schema", () => {
  it.each(propertiesOf({ $ref: "#/$defs/CreateResponse" }))("knows the parameter %s", (name) => {
    expect(says({ [name]: null })).not.toContain("unknown parameter");
  });

  it.each(typesOf("InputItem"))("knows the item type %s", (type) => {
    expect(itemProblem({ type })?.text ?? "").not.toContain("no known item type");
  });

  it.each(typesOf("Tool"))("knows the tool type %s", (type) => {
    expect(toolTypeClass(type)).not.toBe("unknown");
  });

  it.each(typesOf("ToolChoiceParam").filter((type) => type !== "allowed_tools"))(
    "knows the choice of type %s",
    (type) => {
      expect(says({ tool_choice: { type } })).not.toContain("no known type");
    },
  );

  it.each(defs.IncludeEnum?.enum ?? [])("knows the include value %s", (value) => {
    expect(says({ include: [value] })).toBe("");
  });

  it("found them in the schema", () => {
    expect(propertiesOf({ $ref: "#/$defs/CreateResponse" })).toContain("temperature");
    expect(typesOf("InputItem")).toEqual(expect.arrayContaining(["function_call", "program", "compaction"]));
    expect(typesOf("Tool")).toContain("namespace");
    expect(typesOf("ToolChoiceParam")).toContain("mcp");
    expect(defs.IncludeEnum?.enum).toContain("reasoning.encrypted_content");
  });
});
