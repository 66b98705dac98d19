import type { ErrorObject, ValidateFunction } from "ajv";
import type { ServerTool } from "./session.ts";

/** Characters of a schema that is compiled; a larger one is the server's to check. */
const MOST_CHARACTERS = 100_000;
/** Mistakes that the model is told of. */
const MOST_ERRORS = 5;

/** By the tool as it was listed: a list that changes brings other objects. */
const compiled = new WeakMap<ServerTool, Promise<ValidateFunction | undefined>>();

/**
 * What is wrong with a call's arguments, in words for the model; `undefined` when they fit. A schema that cannot be
 * compiled checks nothing: its server does. So it is, unless `trusted`, with regular expressions, which can keep a
 * process busy for ever.
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
  if (!validate || validate(args)) return undefined;
  const mistakes = (validate.errors ?? []).slice(0, MOST_ERRORS).map(describe);
  return `The arguments do not fit the schema of "${tool.name}", so it was not called: ${mistakes.join("; ")}.`;
}

async function compile(
  schema: ServerTool["inputSchema"],
  trusted: boolean,
): Promise<ValidateFunction | undefined> {
  if (!takesObject(schema)) return undefined;
  const text = JSON.stringify(schema);
  if (text.length > MOST_CHARACTERS || (!trusted && text.includes('"pattern'))) return undefined;
  const isOlder = typeof schema.$schema === "string" && /draft-0[4-7]/.test(schema.$schema);
  const { Ajv } = isOlder ? await import("ajv") : await import2020();
  // What a server calls a schema is its own affair: no keyword is an error, no format is known.
  const ajv = new Ajv({
    strict: false,
    validateSchema: false,
    validateFormats: false,
    addUsedSchema: false,
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
