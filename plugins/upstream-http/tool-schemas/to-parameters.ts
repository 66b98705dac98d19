import { isObject, type JsonSchema } from "../../../core/index.ts";
import { mergeUnions } from "./merge-unions.ts";
import { referencesOf } from "./references.ts";
import { repairNode } from "./repair-node.ts";
import { toType } from "./types.ts";
import { Unusable } from "./unusable.ts";

/** What a server wants of the schemas of functions. */
export interface SchemaQuirks {
  /**
   * What becomes of `anyOf`, `oneOf` and `allOf` at the top: "merge" makes one object of them, "keep" leaves
   * them.
   */
  rootUnions: "merge" | "keep";
  /** A schema that allows anything: "keep" leaves it without a type, "all-types" names them all. */
  untypedSchemas: "keep" | "all-types";
}

/** Levels of JSON, of which a schema within another takes two. */
const DEEPEST_JSON = 200;
const MOST_REFERENCES = 8;
/** Keywords whose value may look like a property. */
const SCHEMA_VALUED = [
  "additionalProperties",
  "items",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "propertyNames",
];

/**
 * A function's parameters as model servers take them: an object with `properties`, all of it JSON Schema.
 * The schema itself if it is one. It is never written to.
 * @throws Unusable
 */
export function toParameters(schema: unknown, quirks: SchemaQuirks): JsonSchema {
  if (schema === undefined || schema === null || schema === true) return { type: "object", properties: {} };
  checkDepth(schema, 0);
  if (!isObject(schema)) throw new Unusable(`it is ${describe(schema)}, not an object`);
  const root = followed(isPropertyMap(schema) ? { properties: schema } : schema);
  const resolve = referencesOf(root);
  const resolves = (reference: string) => resolve(reference) !== undefined;
  const repaired = repairNode(root, { untyped: quirks.untypedSchemas, resolves }, 0);
  const whole = quirks.rootUnions === "merge" ? mergeUnions(repaired) : repaired;
  return withKnownRequired(asObject(whole, root));
}

/** Of literals too, and of whatever a keyword may hold that nobody knows: all of it is written as JSON. */
function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > DEEPEST_JSON) throw new Unusable(`it is nested more than ${DEEPEST_JSON} levels deep`);
  for (const each of Object.values(value)) checkDepth(each, depth + 1);
}

function asObject(schema: JsonSchema, given: JsonSchema): JsonSchema {
  const type = toType(given.type);
  const types = type === undefined ? [] : [type].flat();
  const takesObject = types.length === 0 || types.includes("object") || isObject(given.properties);
  // A tool without arguments has been seen to say so with the type "null".
  if (!takesObject && !types.every((each) => each === "null"))
    throw new Unusable(`it is for values of type ${types.map((each) => `"${each}"`).join(" or ")}`);
  if (schema.type === "object" && isObject(schema.properties)) return schema;
  return { ...schema, type: "object", properties: schema.properties ?? {} };
}

/** Some servers refuse a name that is required and is no property. Unions may name properties of one another. */
function withKnownRequired(schema: JsonSchema): JsonSchema {
  const { required, properties, additionalProperties } = schema;
  const elsewhere = ["anyOf", "oneOf", "allOf", "$ref", "if", "patternProperties"].some(
    (key) => key in schema,
  );
  if (!Array.isArray(required) || elsewhere || isObject(additionalProperties)) return schema;
  const known = required.filter((name) => Object.hasOwn(properties as object, name));
  return known.length === required.length ? schema : { ...schema, required: known };
}

/** `$ref` at the top, where generators put the schema among its own definitions. */
function followed(schema: JsonSchema): JsonSchema {
  let root = schema;
  for (let i = 0; i < MOST_REFERENCES && typeof root.$ref === "string"; i += 1) {
    const { $ref, ...rest } = root;
    const target = referencesOf(root)($ref as string);
    root = target === undefined ? rest : { ...rest, ...target };
  }
  // One that leads to itself says nothing.
  if (!("$ref" in root)) return root;
  const { $ref: _, ...said } = root;
  return said;
}

/** The properties alone, without a schema around them: `{ city: { type: "string" } }`. */
function isPropertyMap(schema: JsonSchema): boolean {
  const names = Object.keys(schema);
  if (names.length === 0 || SCHEMA_VALUED.some((keyword) => keyword in schema)) return false;
  return names.every((name) => isTypedSchema(schema[name]));
}

function isTypedSchema(value: unknown): boolean {
  return isObject(value) && toType(value.type) !== undefined;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return value === false ? "false" : `a ${typeof value}`;
}
