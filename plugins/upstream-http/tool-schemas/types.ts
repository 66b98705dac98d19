const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"];

/** All types that a value can have. "number" includes "integer". */
export const ALL_TYPES: readonly string[] = TYPES.filter((type) => type !== "integer");

/** Names from other languages and dialects that some tools use. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  str: "string",
  text: "string",
  date: "string",
  datetime: "string",
  "date-time": "string",
  uuid: "string",
  file: "string",
  int: "integer",
  int32: "integer",
  int64: "integer",
  long: "integer",
  float: "number",
  double: "number",
  decimal: "number",
  bool: "boolean",
  dict: "object",
  map: "object",
  record: "object",
  struct: "object",
  list: "array",
  tuple: "array",
  set: "array",
  none: "null",
  nil: "null",
};

/** The JSON Schema type that a name means, in upper or lower case; `undefined` if the name is unknown. */
export function toTypeName(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  if (TYPES.includes(name)) return name;
  const lower = name.trim().toLowerCase();
  if (TYPES.includes(lower)) return lower;
  return Object.hasOwn(OTHER_NAMES, lower) ? OTHER_NAMES[lower] : undefined;
}

/** The value of `type`: one name or several; `undefined` if it means nothing. A valid value is returned unchanged. */
export function toType(value: unknown): string | readonly string[] | undefined {
  if (!Array.isArray(value)) return toTypeName(value);
  const names: string[] = [];
  for (const each of value) {
    const name = toTypeName(each);
    // An unknown name may mean any type.
    if (name === undefined) return undefined;
    if (!names.includes(name)) names.push(name);
  }
  if (names.length === 0) return undefined;
  return names.length === value.length && names.every((name, i) => name === value[i]) ? value : names;
}

const SAYS_OBJECT = ["properties", "patternProperties", "additionalProperties", "required", "propertyNames"];
const SAYS_ARRAY = ["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"];
const SAYS_STRING = ["pattern", "format", "minLength", "maxLength"];
const SAYS_NUMBER = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
/** Keywords that describe a value without a type. */
const SAYS_ITSELF = ["$ref", "$dynamicRef", "anyOf", "oneOf", "allOf", "not", "if", "enum", "const"];

/** The type that a schema without `type` means, judged by its other keywords; "any" if it has none. */
export function impliedType(schema: object): string | undefined {
  const says = (keyword: string) => Object.hasOwn(schema, keyword);
  if (SAYS_ITSELF.some(says)) return undefined;
  if (SAYS_OBJECT.some(says)) return "object";
  if (SAYS_ARRAY.some(says)) return "array";
  if (SAYS_STRING.some(says)) return "string";
  if (SAYS_NUMBER.some(says)) return "number";
  return "any";
}
