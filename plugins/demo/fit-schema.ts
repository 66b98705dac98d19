import { isObject, type JsonSchema } from "../../core/index.ts";
import { type Bounds, fitString } from "./fit-string.ts";
import { asList, flattenSchema } from "./flatten-schema.ts";

/** Where values come from before the schema's own: what the prompt says about a property. */
export interface Hints {
  /** For a string property of this name. `undefined`: nothing fits. */
  string(name: string): string | undefined;
  /** The next number, if there is one. */
  number(): number | undefined;
  /** What the prompt gives for this property word for word, as JSON. */
  given(name: string): unknown;
  /** Whether the prompt speaks of this value of an enum. */
  mentions(value: string): boolean;
}

const MAX_DEPTH = 12;

/**
 * Makes a value that fits a JSON Schema: deterministic, from `hints` where they fit. Covers the usual part of draft
 * 2020-12. Values without room are left out, or null.
 */
export function fitSchema(schema: JsonSchema, hints: Hints, bounds: Bounds): unknown {
  return fit(schema, { root: schema, hints, ...bounds, name: "", depth: 0 });
}

interface At extends Bounds {
  root: JsonSchema;
  hints: Hints;
  /** The property's name. Items of an array have the array's name. */
  name: string;
  depth: number;
}

function fit(open: unknown, at: At): unknown {
  at.room.take(1);
  if (at.room.isFull) return null;
  const schema = flattenSchema(open, at.root, at.depth > 3, at.room);
  if ("const" in schema) return asWritten(schema.const, at);
  const type = typeOf(schema);
  const given = at.name ? at.hints.given(at.name) : undefined;
  if (given !== undefined && fitsType(given, type)) return asWritten(given, at);
  if (Array.isArray(schema.enum))
    return asWritten(schema.enum.find((value) => at.hints.mentions(String(value))) ?? schema.enum[0], at);
  const example = Array.isArray(schema.examples) ? schema.examples[0] : undefined;
  const own = asWritten("default" in schema ? schema.default : example, at);
  switch (type) {
    case "object":
      return own ?? fitObject(schema, at);
    case "array":
      return own ?? fitArray(schema, at);
    case "number":
    case "integer":
      return fitNumber(schema, type, at.hints.number() ?? own);
    case "boolean":
      return own ?? true;
    case "null":
      return null;
    default:
      return fitString(schema, at.hints.string(at.name) ?? own, at);
  }
}

/** A value from the request. Each copy counts against the room. */
function asWritten(value: unknown, { room }: At): unknown {
  room.take(typeof value === "string" ? value.length : (JSON.stringify(value)?.length ?? 0));
  return value;
}

function typeOf(schema: JsonSchema): string {
  const type = Array.isArray(schema.type)
    ? (schema.type.find((one) => one !== "null") ?? "null")
    : schema.type;
  if (typeof type === "string") return type;
  if (schema.properties) return "object";
  if (schema.items || schema.prefixItems) return "array";
  return "minimum" in schema || "maximum" in schema ? "number" : "string";
}

function fitObject(schema: JsonSchema, at: At): Record<string, unknown> {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? new Set(asList(schema.required)) : undefined;
  const value: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    at.room.take(1 + name.length);
    if (at.room.isFull) break;
    const wanted = required ? required.has(name) || at.hints.given(name) !== undefined : at.depth < 4;
    if (wanted && at.depth < MAX_DEPTH) value[name] = fit(property, { ...at, name, depth: at.depth + 1 });
  }
  for (const name of required ?? []) {
    at.room.take(1 + name.length);
    if (at.room.isFull) break;
    if (!Object.hasOwn(value, name)) value[name] = asWritten(at.hints.string(name) ?? "demo", at);
  }
  return value;
}

function fitArray(schema: JsonSchema, at: At): unknown[] {
  const next = { ...at, depth: at.depth + 1 };
  const values = asSchemas(schema.prefixItems).map((item) => fit(item, next));
  const least = Number(schema.minItems ?? (at.depth < 4 ? 1 : 0));
  const most = Math.min(Number(schema.maxItems ?? Infinity), Math.max(least, values.length));
  while (values.length < most && !at.room.isFull) {
    const value = fit(schema.items, next);
    values.push(schema.uniqueItems && values.includes(value) ? another(schema.items, values, next) : value);
  }
  return values.slice(0, most);
}

/** A value of the item schema that is not among `values`: the next of an enum, a larger number, a longer string. */
function another(open: unknown, values: unknown[], at: At): unknown {
  const schema = flattenSchema(open, at.root, at.depth > 3, at.room);
  const last = values.at(-1);
  if (Array.isArray(schema.enum)) return schema.enum.find((value) => !values.includes(value)) ?? last;
  if (typeof last === "number") return last + Number(schema.multipleOf ?? 1);
  return asWritten(`${last}${values.length + 1}`, at);
}

function fitNumber(schema: JsonSchema, type: string, wanted: unknown): number {
  const step = Number(schema.multipleOf ?? (type === "integer" ? 1 : 0));
  const tick = step || 0.5;
  const low = Math.max(
    Number(schema.minimum ?? -Infinity),
    Number(schema.exclusiveMinimum ?? -Infinity) + tick,
  );
  const high = Math.min(
    Number(schema.maximum ?? Infinity),
    Number(schema.exclusiveMaximum ?? Infinity) - tick,
  );
  const value = Math.min(Math.max(typeof wanted === "number" ? wanted : 1, low), high);
  if (!step) return value;
  const rounded = Math.ceil(value / step) * step;
  return rounded > high ? Math.floor(high / step) * step : rounded;
}

function fitsType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "null") return value === null;
  return typeof value === type && value !== null && !Array.isArray(value);
}

function asSchemas(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
