import type { ErrorObject, ValidateFunction } from "ajv";
import { schemaCost } from "./schema-cost.ts";
import type { ServerTool } from "./session.ts";

/** Characters of a schema that is compiled; a larger one is the server's to check. */
const MOST_CHARACTERS = 100_000;
/** Of a schema that nobody vouches for, as `schemaCost` counts. */
const MOST_COST = 10_000;
/** Mistakes that the model is told of. */
const MOST_ERRORS = 5;

/** By the tool as it was listed: a list that changes brings other objects. */
const compiled = new WeakMap<ServerTool, Promise<ValidateFunction | undefined>>();

/**
 * What is wrong with a call's arguments, in words for the model; `undefined` when they fit. A schema that cannot be
 * compiled or applied checks nothing: its server does. So it is, unless `trusted`, with one that may take long.
 */
export async function checkArguments(
  tool: ServerTool,
  args: Record<string, unknown>,
  trusted: boolean,
): Promise<string | undefined> {
  let check = compiled.get(tool);
  if (!check) {
    check = compile(tool.inputSchema, trusted);
    compiled.set(tool, check);
  }
  const validate = await check;
  if (!validate || fits(validate, args)) return undefined;
  const mistakes = (validate.errors ?? []).slice(0, MOST_ERRORS).map(describe);
  return `The arguments do not fit the schema of "${tool.name}", so it was not called: ${mistakes.join("; ")}.`;
}

async function compile(
  schema: ServerTool["inputSchema"],
  trusted: boolean,
): Promise<ValidateFunction | undefined> {
  if (!isCompiled(schema, trusted)) return undefined;
  const isOlder = typeof schema.$schema === "string" && /draft-0[4-7]/.test(schema.$schema);
  const { Ajv } = isOlder ? await import("ajv") : await import2020();
  // What a server calls a schema is its own affair: no keyword is an error, no format is known.
  const ajv = new Ajv({
    strict: false,
    validateSchema: false,
    validateFormats: false,
    logger: false,
  });
  try {
    const { $schema: _, ...rest } = schema;
    return ajv.compile(rest);
  } catch {
    return undefined;
  }
}

/** Arguments of MCP are an object: a schema for something else says nothing of them. */
export function takesObject({ type }: ServerTool["inputSchema"]): boolean {
  return type === undefined || type === "object" || (Array.isArray(type) && type.includes("object"));
}

/** An asynchronous schema, which only Ajv knows, answers with a promise that nobody awaits. */
function isCompiled(schema: ServerTool["inputSchema"], trusted: boolean): boolean {
  try {
    if (!takesObject(schema) || schema.$async || JSON.stringify(schema).length > MOST_CHARACTERS)
      return false;
    return trusted || schemaCost(schema) <= MOST_COST;
  } catch {
    return false; // too deep, or with a reference that is no URL's
  }
}

/** One that refers to itself for the same value ends in a RangeError. */
function fits(validate: ValidateFunction, args: Record<string, unknown>): boolean {
  try {
    return validate(args);
  } catch {
    return true;
  }
}

async function import2020() {
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  return { Ajv: Ajv2020 };
}

function describe({ instancePath, message, keyword, params }: ErrorObject): string {
  const at = instancePath || "the arguments";
  const more =
    keyword === "additionalProperties"
      ? `: "${params.additionalProperty}"`
      : keyword === "enum"
        ? `: ${JSON.stringify(params.allowedValues)}`
        : "";
  return `${at} ${message}${more}`;
}
