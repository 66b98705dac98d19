import { isObject, type JsonSchema } from "../../../core/index.ts";
import { type Resolve, referencesOf } from "./references.ts";
import { Unusable } from "./unusable.ts";

const UNIONS = ["anyOf", "oneOf", "allOf"] as const;

/**
 * One object with the properties of all variants, for servers that accept no unions at the top. If variants define a
 * property differently, any of the definitions may apply. A property is required if every variant requires it, or,
 * with `allOf`, if any variant does. The model no longer sees which properties belong together, but whoever runs the
 * tool checks its arguments.
 */
export function mergeUnions(schema: JsonSchema): JsonSchema {
  return merge(schema, { resolve: referencesOf(schema), merged: 0 }, 0);
}

/** Most levels of unions in unions, since a definition may contain itself. */
const DEEPEST = 4;
/** Most variants in all, since definitions that name one another multiply. */
const MOST_VARIANTS = 2_000;

interface Merging {
  readonly resolve: Resolve;
  /** The number of variants so far. */
  merged: number;
}

function merge(schema: JsonSchema, merging: Merging, depth: number): JsonSchema {
  if (!UNIONS.some((union) => union in schema)) return schema;
  const { anyOf, oneOf, allOf, enum: _, not: __, ...own } = schema;
  if (depth > DEEPEST) return own;
  const variantsOf = (union: unknown) =>
    listOf(union).flatMap((variant) => {
      if (!isObject(variant)) return [];
      merging.merged += 1;
      if (merging.merged > MOST_VARIANTS)
        throw new Unusable(`its unions have more than ${MOST_VARIANTS} variants`);
      return [merge(followed(variant, merging.resolve), merging, depth + 1)];
    });
  const properties: Seen = new Map();
  add(properties, own.properties);
  const required = new Set<unknown>(listOf(own.required));
  for (const variant of variantsOf(allOf)) {
    add(properties, variant.properties);
    for (const name of listOf(variant.required)) required.add(name);
  }
  for (const union of [anyOf, oneOf]) {
    const variants = variantsOf(union).filter(takesObject);
    for (const { properties: more } of variants) add(properties, more);
    for (const name of requiredByAll(variants)) required.add(name);
  }
  return {
    ...own,
    properties: Object.fromEntries([...properties].map(([name, seen]) => [name, either([...seen.values()])])),
    ...(required.size > 0 ? { required: [...required] } : {}),
  };
}

function followed(variant: JsonSchema, resolve: Resolve): JsonSchema {
  const { $ref, ...rest } = variant;
  const target = typeof $ref === "string" ? resolve($ref) : undefined;
  return target === undefined ? variant : { ...target, ...rest };
}

function takesObject({ type }: JsonSchema): boolean {
  return type === undefined || [type].flat().includes("object");
}

/** The schemas found for each property, by their JSON. */
type Seen = Map<string, Map<string, unknown>>;

function add(properties: Seen, more: unknown): void {
  if (!isObject(more)) return;
  for (const [name, schema] of Object.entries(more)) {
    const seen = properties.get(name) ?? new Map<string, unknown>();
    properties.set(name, seen);
    const text = JSON.stringify(schema);
    if (!seen.has(text)) seen.set(text, schema);
  }
}

function requiredByAll(variants: readonly JsonSchema[]): unknown[] {
  const counts = new Map<unknown, number>();
  for (const { required } of variants)
    for (const name of new Set(listOf(required))) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].flatMap(([name, count]) => (count === variants.length ? [name] : []));
}

function either(schemas: readonly unknown[]): unknown {
  return schemas.length === 1 ? schemas[0] : { anyOf: schemas };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
