import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { EXCEPTIONS, isJson, type Json, type SchemaFile } from "./wire-exceptions.ts";
import { createExplainer } from "./wire-problems.ts";

type Schema = Json & { $defs: Record<string, Json> };

const FILES: Record<SchemaFile, Schema> = {
  openai: readSchema("openai-responses.schema.json"),
  openresponses: readSchema("openresponses.schema.json"),
};

// Sub-schemas compile when they are first asked for, and once.
const ajv = new Ajv2020({
  discriminator: false,
  strict: false,
  allErrors: true,
  // Errors carry the schema that they come from, by which they are explained.
  verbose: true,
  validateSchema: false,
  // Every test file compiles them anew, which costs more than what optimized code would save.
  code: { optimize: false },
  formats: { uri: (text: string) => URL.canParse(text), unixtime: true, float: true },
});
for (const [file, schema] of Object.entries(FILES)) ajv.addSchema(schema, file);

const explain = {
  openai: createExplainer(FILES.openai.$defs),
  openresponses: createExplainer(FILES.openresponses.$defs),
};

/** The name under `$defs` that describes events of this type; `undefined` if the file knows none. */
export function eventDef(file: SchemaFile, type: unknown): string | undefined {
  return EVENT_DEFS[file].get(type);
}

const EVENT_DEFS: Record<SchemaFile, Map<unknown, string>> = {
  openai: eventDefs("openai", /Event$/),
  openresponses: eventDefs("openresponses", /StreamingEvent$/),
};

function eventDefs(file: SchemaFile, named: RegExp): Map<unknown, string> {
  const byType = new Map<unknown, string>();
  for (const [name, def] of Object.entries(FILES[file].$defs)) {
    const type = isJson(def.properties) && isJson(def.properties.type) ? def.properties.type.enum : undefined;
    if (named.test(name) && Array.isArray(type)) byType.set(type[0], name);
  }
  return byType;
}

export type Kind = "response" | "event" | "item" | "error" | "list";

/** @throws Error that lists what is wrong with `value` by `$defs/{def}` of `file`, exceptions granted */
export function validate(file: SchemaFile, def: string, kind: Kind, value: unknown): void {
  const check = ajv.getSchema(`${file}#/$defs/${def}`);
  if (!check) throw new Error(`${file} has no $defs/${def}`);
  if (check(masked(file, kind, value))) return;
  const problems = explain[file](check.errors ?? []);
  throw new Error(
    `not a valid ${def} of ${file}:\n${problems.join("\n")}\n${JSON.stringify(value, null, 1)}`,
  );
}

function masked(file: SchemaFile, kind: Kind, value: unknown): unknown {
  const copy: unknown = structuredClone(value);
  maskAs(file, kind, copy);
  return copy;
}

function maskAs(file: SchemaFile, kind: Kind, value: unknown): void {
  if (!isJson(value)) return;
  for (const exception of EXCEPTIONS) {
    if (exception.schema === file && exception.of === kind) exception.mask(value);
  }
  if (kind === "event") {
    maskAs(file, "response", value.response);
    maskAs(file, "item", value.item);
  }
  const items = kind === "response" ? value.output : kind === "list" ? value.data : [];
  if (Array.isArray(items)) for (const item of items) maskAs(file, "item", item);
}

function readSchema(name: string): Schema {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8")) as Schema;
}
