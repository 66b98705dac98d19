import { Ajv2020 } from "ajv/dist/2020.js";
import { EXCEPTIONS, isJson, type SchemaFile } from "./exceptions.ts";
import { correctedDefs, type Defs, membersByType } from "./files.ts";
import { createExplainer } from "./problems.ts";

const DEFS: Record<SchemaFile, Defs> = {
  openai: correctedDefs("openai"),
  "openai-2026-08": correctedDefs("openai-2026-08"),
  openresponses: correctedDefs("openresponses"),
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
for (const [file, $defs] of Object.entries(DEFS)) ajv.addSchema({ $defs }, file);

const explain = {
  openai: createExplainer(DEFS.openai),
  "openai-2026-08": createExplainer(DEFS["openai-2026-08"]),
  openresponses: createExplainer(DEFS.openresponses),
};

/** The name under `$defs` that describes events of this type; `undefined` if the file knows none. */
export function eventDef(file: SchemaFile, type: string): string | undefined {
  return EVENT_DEFS[file].get(type);
}

const EVENT_DEFS: Record<SchemaFile, Map<string, string>> = {
  openai: membersByType(DEFS.openai, "ResponseStreamEvent"),
  "openai-2026-08": membersByType(DEFS["openai-2026-08"], "ResponseStreamEvent"),
  openresponses: openResponsesEvents(),
};

/** That file names no union of its events. */
function openResponsesEvents(): Map<string, string> {
  const names = Object.keys(DEFS.openresponses).filter((name) => name.endsWith("StreamingEvent"));
  const union = { anyOf: names.map((name) => ({ $ref: `#/$defs/${name}` })) };
  return membersByType({ ...DEFS.openresponses, union }, "union");
}

const OLDER = DEFS["openai-2026-08"];
/** The types of items and of tools that OpenAI's older description has. */
export const OLDER_ITEMS: ReadonlySet<unknown> = new Set([
  ...membersByType(OLDER, "OutputItem").keys(),
  ...membersByType(OLDER, "ItemResource").keys(),
]);
export const OLDER_TOOLS: ReadonlySet<unknown> = new Set(membersByType(OLDER, "Tool").keys());

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
    if ("mask" in exception && exception.schemas.includes(file) && exception.of === kind)
      exception.mask(value);
  }
  if (kind === "event") {
    maskAs(file, "response", value.response);
    maskAs(file, "item", value.item);
  }
  const items = kind === "response" ? value.output : kind === "list" ? value.data : [];
  if (Array.isArray(items)) for (const item of items) maskAs(file, "item", item);
}
