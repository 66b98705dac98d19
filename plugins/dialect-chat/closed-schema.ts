import { isObject, type JsonSchema } from "../../core/index.ts";

/** Literal values, which are no schemas. */
const LITERALS = new Set(["const", "enum", "default", "examples"]);

/**
 * Whether a schema is as OpenAI's strict mode has it: no object takes properties that it does not name, and all that
 * it names are required.
 */
export function isClosed(schema: JsonSchema): boolean {
  const { properties } = schema;
  if (schema.type === "object" || properties !== undefined) {
    const names = isObject(properties) ? Object.keys(properties) : [];
    const required = new Set<unknown>(Array.isArray(schema.required) ? schema.required : []);
    if (schema.additionalProperties !== false || !names.every((name) => required.has(name))) return false;
    if (isObject(properties) && !Object.values(properties).every(isClosedWithin)) return false;
  }
  return Object.entries(schema).every(
    ([keyword, value]) => keyword === "properties" || LITERALS.has(keyword) || isClosedWithin(value),
  );
}

/** A schema, a list or a map of schemas, or what is none. */
function isClosedWithin(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isClosedWithin);
  return !isObject(value) || isClosed(value);
}
