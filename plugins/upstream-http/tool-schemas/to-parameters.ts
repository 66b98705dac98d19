import { isObject, type JsonSchema } from "../../../core/index.ts";
import { mergeUnions } from "./merge-unions.ts";
import { referencesOf } from "./references.ts";
import { repairNode } from "./repair-node.ts";
import { toType } from "./types.ts";
import { Unusable } from "./unusable.ts";

/** What a server requires of the schemas of functions. */
export interface SchemaQuirks {
  /**
   * What happens with `anyOf`, `oneOf` and `allOf` at the top: "merge" turns them into one object, "keep" leaves them.
   */
  rootUnions: "merge" | "keep";
  /** How a schema that allows anything is sent: "keep" leaves it without a type, "all-types" lists all types. */
  untypedSchemas: "keep" | "all-types";
}

/** Most levels of JSON. A schema within a schema takes two. */
const DEEPEST_JSON = 200;
const MOST_REFERENCES = 8;
/** Keywords whose values may look like properties. */
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
 * Converts a function's parameters to what model servers accept: an object schema with `properties`, valid JSON Schema
 * throughout. Returns the same object if it already is. Never writes to it.
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

/** Checks the depth of everything, literals and unknown keywords too, since all of it is sent as JSON. */
function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > DEEPEST_JSON) throw new Unusable(`it is nested more than ${DEEPEST_JSON} levels deep`);
  for (const each of Object.values(value)) checkDepth(each, depth + 1);
}

function asObject(schema: JsonSchema, given: JsonSchema): JsonSchema {
  const type = toType(given.type);
  const types = type === undefined ? [] : [type].flat();
  const takesObject = types.length === 0 || types.includes("object") || isObject(given.properties);
  // Some tools without arguments have the type "null".
  if (!takesObject && !types.every((each) => each === "null"))
    throw new Unusable(`it is for values of type ${types.map((each) => `"${each}"`).join(" or ")}`);
  if (schema.type === "object" && isObject(schema.properties)) return schema;
  return { ...schema, type: "object", properties: schema.properties ?? {} };
}

/** Some servers refuse a required name that is not a property. A union's variant may require another's properties. */
function withKnownRequired(schema: JsonSchema): JsonSchema {
  const { required, properties, additionalProperties } = schema;
  const elsewhere = ["anyOf", "oneOf", "allOf", "$ref", "if", "patternProperties"].some(
    (key) => key in schema,
  );
  if (!Array.isArray(required) || elsewhere || isObject(additionalProperties)) return schema;
  const known = required.filter((name) => Object.hasOwn(properties as object, name));
  return known.length === required.length ? schema : { ...schema, required: known };
}

/** Follows a `$ref` at the top: some generators put the schema itself among its definitions. */
function followed(schema: JsonSchema): JsonSchema {
  let root = schema;
  for (let i = 0; i < MOST_REFERENCES && typeof root.$ref === "string"; i += 1) {
    const { $ref, ...rest } = root;
    const target = referencesOf(root)($ref as string);
    root = target === undefined ? rest : { ...rest, ...target };
  }
  // A reference to itself means nothing.
  if (!("$ref" in root)) return root;
  const { $ref: _, ...said } = root;
  return said;
}

/** Whether this is only the map of properties, without a schema around it: `{ city: { type: "string" } }`. */
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
