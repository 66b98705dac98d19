import { isObject, type JsonSchema } from "../../../core/index.ts";
import { ALL_TYPES, impliedType, toType, toTypeName } from "./types.ts";
import { Unusable } from "./unusable.ts";

export interface NodeOptions {
  /** How a schema that allows anything is written: without a type, or with all types. */
  untyped: "keep" | "all-types";
  /** Whether a `$ref` leads to a schema. */
  resolves(reference: string): boolean;
}

/** Most levels. Servers recurse, and in some the cost grows faster than the depth. */
const DEEPEST = 64;
const DROP = Symbol("drop");

type Mend = (value: unknown, options: NodeOptions, depth: number) => unknown;

/** Keeps a value of the right kind. `null` and other kinds mean nothing, so they are dropped. */
const kind =
  (type: "string" | "boolean"): Mend =>
  (value) =>
    typeof value === type ? value : DROP;

const number: Mend = (value) => {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))
    ? Number(value)
    : DROP;
};

/** Keywords that count: lengths and numbers of items. */
const count: Mend = (value, options, depth) => {
  const given = number(value, options, depth);
  return typeof given === "number" && Number.isInteger(given) && given >= 0 ? given : DROP;
};

const positive: Mend = (value, options, depth) => {
  const given = number(value, options, depth);
  return typeof given === "number" && given > 0 ? given : DROP;
};

/** A schema, or a boolean: `true` allows anything, `false` nothing. */
const schemaOrFlag: Mend = (value, options, depth) => {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  return isObject(value) ? repairNode(value, options, depth + 1) : DROP;
};

/** One schema for all items, or, in older drafts, a list with one schema for each. */
const items: Mend = (value, options, depth) => {
  if (Array.isArray(value)) return value.map((each) => repairSchema(each, options, depth + 1));
  return value === null || value === false ? DROP : repairSchema(value, options, depth + 1);
};

const schemaMap: Mend = (value, options, depth) =>
  isObject(value)
    ? mapEntries(value, (_, each) => (each === false ? DROP : repairSchema(each, options, depth + 1)))
    : DROP;

const schemaList: Mend = (value, options, depth) => {
  const list = Array.isArray(value) ? value : isObject(value) ? [value] : [];
  // Some generators write `{ not: {} }`, which matches nothing, for a value that may be absent.
  const kept = list.filter((each) => each !== null && each !== undefined && !matchesNothing(each));
  if (kept.length === 0) return DROP;
  const repaired = kept.map((each) => repairSchema(each, options, depth + 1));
  return repaired.length === list.length && list === value && repaired.every((each, i) => each === list[i])
    ? value
    : repaired;
};

const required: Mend = (value) => {
  if (!Array.isArray(value)) return DROP;
  const names = [...new Set(value.filter((name) => typeof name === "string"))];
  return names.length === value.length ? value : names;
};

/** A list of values, without duplicates. */
const values: Mend = (value) => {
  if (!Array.isArray(value) || value.length === 0) return DROP;
  const once = new Map(value.map((each) => [JSON.stringify(each), each]));
  return once.size === value.length ? value : [...once.values()];
};

/** A list with one schema for each position. */
const tuple: Mend = (value, options, depth) => {
  const list = Array.isArray(value) ? value : isObject(value) ? [value] : [];
  if (list.length === 0) return DROP;
  const repaired = list.map((each) => repairSchema(each, options, depth + 1));
  return list === value && repaired.every((each, i) => each === list[i]) ? value : repaired;
};

const KEYWORDS: ReadonlyMap<string, Mend> = new Map<string, Mend>([
  ["type", (value) => toType(value) ?? DROP],
  ["enum", values],
  ["required", required],
  ["properties", schemaMap],
  ...["patternProperties", "$defs", "definitions", "dependentSchemas"].map(
    (name) => [name, schemaMap] as const,
  ),
  ...["anyOf", "oneOf", "allOf"].map((name) => [name, schemaList] as const),
  ["prefixItems", tuple],
  ["items", items],
  ...["additionalProperties", "additionalItems", "unevaluatedProperties", "unevaluatedItems"].map(
    (name) => [name, schemaOrFlag] as const,
  ),
  ...["not", "if", "then", "else", "contains", "propertyNames"].map((name) => [name, schemaOrFlag] as const),
  ...["description", "title", "format", "pattern", "$comment", "$id", "$anchor"].map(
    (name) => [name, kind("string")] as const,
  ),
  ["$ref", (value, { resolves }) => (typeof value === "string" && resolves(value) ? value : DROP)],
  ...["minimum", "maximum"].map((name) => [name, number] as const),
  ["multipleOf", positive],
  ...["minLength", "maxLength", "minItems", "maxItems"].map((name) => [name, count] as const),
  ...["minProperties", "maxProperties", "minContains", "maxContains"].map((name) => [name, count] as const),
  // The draft means nothing to a model, and some servers refuse this keyword.
  ["$schema", () => DROP],
  // Booleans belong to draft 4: see `exclusive`.
  ...["exclusiveMinimum", "exclusiveMaximum"].map(
    (name) => [name, (value) => (value === true ? value : number(value, NO_OPTIONS, 0))] as [string, Mend],
  ),
  ["uniqueItems", kind("boolean")],
]);

const NO_OPTIONS: NodeOptions = { untyped: "keep", resolves: () => true };

/** Makes a schema of what stands in a schema's place: the name of a type, a list of values, or nothing. */
function repairSchema(value: unknown, options: NodeOptions, depth: number): JsonSchema {
  if (isObject(value)) return repairNode(value, options, depth);
  if (typeof value === "string") {
    const type = toTypeName(value);
    return repairNode(type === undefined ? { description: value } : { type }, options, depth);
  }
  const values = Array.isArray(value) && value.length > 0 && value.every((each) => typeof each !== "object");
  return repairNode(values ? { enum: value } : {}, options, depth);
}

/**
 * The schema without what is not valid JSON Schema: keywords of the wrong kind, flags of older drafts, references that
 * lead nowhere. Returns the same object if there is nothing to repair. Never writes to it.
 * @throws Unusable if it is nested too deeply
 */
export function repairNode(schema: JsonSchema, options: NodeOptions, depth: number): JsonSchema {
  if (depth > DEEPEST) throw new Unusable(`it is nested more than ${DEEPEST} levels deep`);
  const mended = mapEntries(schema, (keyword, value) => {
    const mend = KEYWORDS.get(keyword);
    return mend ? mend(value, options, depth) : value;
  });
  return withItems(typed(exclusive(withRequired(schema, mended)), options), options);
}

/** Repairs misplaced `required`: draft 3 puts `required: true` into the property, others put the list there. */
function withRequired(schema: JsonSchema, mended: JsonSchema): JsonSchema {
  const given = schema.properties;
  if (!isObject(given) || !isObject(mended.properties)) return mended;
  const names = new Set((mended.required as string[] | undefined) ?? []);
  const before = names.size;
  for (const [name, property] of Object.entries(given))
    if (isObject(property) && property.required === true) names.add(name);
  const misplaced = Array.isArray(given.required) && given.required.every((name) => typeof name === "string");
  if (misplaced)
    for (const name of given.required as string[]) if (Object.hasOwn(given, name)) names.add(name);
  if (names.size === before && !misplaced) return mended;
  const { required: _, ...properties } = mended.properties;
  return {
    ...mended,
    properties: misplaced ? properties : mended.properties,
    ...(names.size > 0 ? { required: [...names] } : {}),
  };
}

/** Converts draft 4, where `exclusiveMinimum: true` changes the meaning of `minimum`. */
function exclusive(schema: JsonSchema): JsonSchema {
  let result = schema;
  for (const end of ["Minimum", "Maximum"] as const) {
    if (schema[`exclusive${end}`] !== true) continue;
    const { [`exclusive${end}`]: _, [end.toLowerCase()]: limit, ...rest } = result;
    result = limit === undefined ? rest : { ...rest, [`exclusive${end}`]: limit };
  }
  return result;
}

function typed(schema: JsonSchema, { untyped }: NodeOptions): JsonSchema {
  if (schema.type !== undefined) return schema;
  const type = impliedType(schema);
  if (type === undefined) return schema;
  if (type !== "any") return { ...schema, type };
  return untyped === "keep" ? schema : { ...schema, type: ALL_TYPES };
}

/** Older drafts list the schemas of a tuple under `items`. Some servers require `items` for every array. */
function withItems(schema: JsonSchema, { untyped }: NodeOptions): JsonSchema {
  const any = untyped === "keep" ? {} : { type: ALL_TYPES };
  if (Array.isArray(schema.items)) {
    const { items: tuple, additionalItems: more, ...rest } = schema;
    return { ...rest, ...(tuple.length > 0 ? { prefixItems: tuple } : {}), items: more ?? any };
  }
  const isArray = schema.type === "array" || (Array.isArray(schema.type) && schema.type.includes("array"));
  if (!isArray || schema.type === ALL_TYPES || "items" in schema) return schema;
  return { ...schema, items: any };
}

function matchesNothing(schema: unknown): boolean {
  if (schema === false) return true;
  if (!isObject(schema)) return false;
  const { not } = schema;
  return isObject(not) && Object.keys(not).length === 0 && Object.keys(schema).length === 1;
}

/** Maps all entries. Returns the same object if nothing changes. */
function mapEntries(object: JsonSchema, map: (key: string, value: unknown) => unknown): JsonSchema {
  let changed = false;
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(object)) {
    const mapped = map(key, value);
    if (mapped !== value) changed = true;
    if (mapped !== DROP) entries.push([key, mapped]);
  }
  return changed ? Object.fromEntries(entries) : object;
}
