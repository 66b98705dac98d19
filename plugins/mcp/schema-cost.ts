import type { JsonSchema } from "../../core/index.ts";

/** Keywords whose cost or target cannot be told from the schema alone. */
const UNTOLD = new Set(["$dynamicRef", "$recursiveRef", "pattern", "uniqueItems"]);

/**
 * How many values a schema has once each reference stands for what it refers to: a few definitions that refer to one
 * another twice keep a validator busy for ever. `Infinity` for circles, and for what cannot be told: regular
 * expressions, and references that are not written `#/…`.
 */
export function schemaCost(schema: JsonSchema): number {
  const costs = new Map<object, number>();
  return costOf(schema);

  function costOf(value: unknown): number {
    if (typeof value !== "object" || value === null) return 1;
    const known = costs.get(value);
    if (known !== undefined) return known;
    costs.set(value, Infinity); // for what refers to it from within
    let cost = 1;
    for (const [key, inner] of Object.entries(value)) cost += costOfKey(key, inner, value === schema);
    costs.set(value, cost);
    return cost;
  }

  /** A property of the arguments may have a keyword's name: then there is an object under it. */
  function costOfKey(key: string, value: unknown, atRoot: boolean): number {
    if (key === "patternProperties") return Infinity;
    if (typeof value === "object") return costOf(value);
    if (UNTOLD.has(key)) return Infinity;
    if (key === "$id" && !atRoot) return Infinity; // it changes what the references below it mean
    return key === "$ref" ? costOfTarget(String(value)) : 1;
  }

  function costOfTarget(ref: string): number {
    const target = targetOf(schema, ref);
    return target === undefined ? Infinity : costOf(target);
  }
}

/** RFC 6901, in a URL's fragment. `undefined` when there is nothing, or the reference is of another kind. */
function targetOf(schema: JsonSchema, ref: string): unknown {
  const [base, ...steps] = ref.split("/");
  if (base !== "#") return undefined;
  let target: unknown = schema;
  for (const step of steps) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return undefined;
    target = (target as Record<string, unknown>)[key];
  }
  return target;
}
