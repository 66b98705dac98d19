import { atPointer } from "../protocol/json-pointer.ts";
import type { JsonSchema } from "../protocol/model-request.ts";
import { isObject } from "../protocol/problem.ts";

/** Limits the depth, since schemas may refer to themselves. */
const DEEPEST = 50;
/** Most schemas read for one call: the references of a foreign schema may multiply. */
const MOST_SCHEMAS = 10_000;

type Value = Record<string, unknown>;

/**
 * Removes members that are `null` though their schema neither allows null nor requires them. Models write `null` for
 * omitted arguments; tools that check their arguments refuse it. Returns the same object if there are none.
 */
export function withoutOptionalNulls(args: Value, schema: JsonSchema): Value {
  return isObject(schema) ? new Stripper(schema).object(args, schema, 0) : args;
}

class Stripper {
  readonly #root: JsonSchema;
  #left = MOST_SCHEMAS;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  object(value: Value, schema: JsonSchema, depth: number): Value {
    const { properties, required, additionalProperties } = schema;
    if (!isObject(properties)) return value;
    const isRequired = (key: string) => Array.isArray(required) && required.includes(key);
    let hasChanged = false;
    const kept = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      const form = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
      if (inner === null && !isRequired(key) && !this.#takesNull(form, depth)) {
        hasChanged = true;
        return [];
      }
      const stripped = this.#value(inner, form, depth + 1);
      hasChanged ||= stripped !== inner;
      return [[key, stripped]];
    });
    return hasChanged ? Object.fromEntries(kept) : value;
  }

  #value(value: unknown, form: unknown, depth: number): unknown {
    const schema = this.#resolve(form);
    if (!schema || depth > DEEPEST) return value;
    if (isObject(value)) return this.object(value, schema, depth);
    if (!Array.isArray(value)) return value;
    const items = value.map((each) => this.#value(each, schema.items, depth + 1));
    return items.some((each, i) => each !== value[i]) ? items : value;
  }

  /** Whether a schema may allow `null`. A schema allows what it does not restrict. */
  #takesNull(form: unknown, depth: number): boolean {
    if (form === false) return false;
    const schema = this.#resolve(form);
    if (!schema || depth > DEEPEST || --this.#left < 0 || schema.nullable === true) return true;
    const { type, enum: values, const: only, anyOf, oneOf, allOf } = schema;
    const takes = (each: unknown) => this.#takesNull(each, depth + 1);
    return (
      (type === undefined || [type].flat().includes("null")) &&
      (!Array.isArray(values) || values.includes(null)) &&
      (only === undefined || only === null) &&
      (!Array.isArray(anyOf) || anyOf.some(takes)) &&
      (!Array.isArray(oneOf) || oneOf.some(takes)) &&
      (!Array.isArray(allOf) || allOf.every(takes))
    );
  }

  /** Follows references within the same schema (`#/$defs/x`). `undefined` if nothing is restricted, as by `true`. */
  #resolve(form: unknown): JsonSchema | undefined {
    let schema = form;
    for (let i = 0; isObject(schema) && typeof schema.$ref === "string"; i++) {
      if (i > DEEPEST) return undefined;
      schema = atPointer(this.#root, schema.$ref);
    }
    return isObject(schema) ? schema : undefined;
  }
}
