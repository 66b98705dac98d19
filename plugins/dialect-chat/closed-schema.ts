import { isObject, type JsonSchema } from "../../core/index.ts";

/** Keywords whose values are data, not schemas. */
const LITERALS = new Set(["const", "enum", "default", "examples"]);

/**
 * Whether a schema fits OpenAI's strict mode: every object forbids additional properties and requires all of its own.
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

/** `value` may be a schema, a list or map of schemas, or anything else. */
function isClosedWithin(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isClosedWithin);
  return !isObject(value) || isClosed(value);
}
