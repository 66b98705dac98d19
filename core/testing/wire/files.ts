import { readFileSync } from "node:fs";
import { EXCEPTIONS, type Json, type SchemaFile } from "./exceptions.ts";

export type Defs = Record<string, Json>;

const FILES: Record<SchemaFile, string> = {
  openai: "openai-sdk-7.59.schema.json",
  "openai-2026-08": "openai-responses.schema.json",
  openresponses: "openresponses.schema.json",
};

/** The schemas of a file by name, corrected where it is known to differ from the wire. */
export function correctedDefs(file: SchemaFile): Defs {
  const url = new URL(`../../../test/fixtures/${FILES[file]}`, import.meta.url);
  const { $defs } = JSON.parse(readFileSync(url, "utf8")) as { $defs: Defs };
  for (const exception of EXCEPTIONS) {
    if ("correct" in exception && exception.schemas.includes(file)) exception.correct($defs);
  }
  return $defs;
}

/** The `type`s that the members of a union have, with the name of the schema that describes each. */
export function membersByType(defs: Defs, union: string): Map<string, string> {
  const { anyOf, oneOf } = (defs[union] ?? {}) as Schema;
  const byType = new Map<string, string>();
  for (const { $ref = "" } of anyOf ?? oneOf ?? []) {
    for (const type of typesOf(defs, { $ref })) byType.set(type, nameIn($ref));
  }
  return byType;
}

interface Schema {
  $ref?: string;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: { type?: { const?: unknown; enum?: unknown[] } };
}

function typesOf(defs: Defs, { $ref, allOf = [], anyOf = [], oneOf = [], properties }: Schema): string[] {
  if ($ref !== undefined) return typesOf(defs, (defs[nameIn($ref)] ?? {}) as Schema);
  const { enum: several, const: one } = properties?.type ?? {};
  const own = [...(several ?? []), one].filter((type) => typeof type === "string");
  return [...own, ...[...allOf, ...anyOf, ...oneOf].flatMap((part) => typesOf(defs, part))];
}

function nameIn(ref: string): string {
  return ref.slice("#/$defs/".length);
}
