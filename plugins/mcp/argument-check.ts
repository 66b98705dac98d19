import type { ErrorObject, ValidateFunction } from "ajv";
import type { JsonSchema } from "../../core/index.ts";
import type { ServerTool } from "./session.ts";

/**
 * What is wrong with a call's arguments, in words for the model; `undefined` if they fit. A schema that cannot be
 * compiled or applied is not checked here; the server checks it.
 */
export type ArgumentCheck = (tool: ServerTool, args: Record<string, unknown>) => Promise<string | undefined>;

/** Most characters of a schema that is compiled. Larger ones are left to the server. */
const MOST_CHARACTERS = 100_000;
/** Most mistakes that the model is told about. */
const MOST_ERRORS = 5;

/** Compiled schemas by tool object. A list that changes brings new objects. */
const compiled = new WeakMap<ServerTool, Promise<ValidateFunction | undefined>>();

/** Checks in this thread, and so may keep the event loop busy. */
export const checkArguments: ArgumentCheck = async (tool, args) => {
  let check = compiled.get(tool);
  if (!check) {
    check = compile(tool.inputSchema);
    compiled.set(tool, check);
  }
  const validate = await check;
  if (!validate || fits(validate, args)) return undefined;
  const mistakes = (validate.errors ?? []).slice(0, MOST_ERRORS).map(describe);
  return `The arguments do not fit the schema of "${tool.name}", so it was not called: ${mistakes.join("; ")}.`;
};

/** Whether a schema is for an object. MCP's arguments are one, so other schemas say nothing about them. */
export function takesObject({ type }: JsonSchema): boolean {
  return type === undefined || type === "object" || (Array.isArray(type) && type.includes("object"));
}

/** Whether a schema says anything about arguments. Asynchronous schemas, which only Ajv knows, are not used. */
export function isChecked(schema: JsonSchema): boolean {
  try {
    return takesObject(schema) && !schema.$async && JSON.stringify(schema).length <= MOST_CHARACTERS;
  } catch {
    return false; // too deep
  }
}

async function compile(schema: JsonSchema): Promise<ValidateFunction | undefined> {
  if (!isChecked(schema)) return undefined;
  const isOlder = typeof schema.$schema === "string" && /draft-0[4-7]/.test(schema.$schema);
  const { Ajv } = isOlder ? await import("ajv") : await import2020();
  // Servers write all kinds of schemas: an unknown keyword is not an error, and formats are not checked.
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

async function import2020() {
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  return { Ajv: Ajv2020 };
}

/** Whether arguments fit. A schema that refers to itself for the same value ends in a RangeError. */
function fits(validate: ValidateFunction, args: Record<string, unknown>): boolean {
  try {
    return validate(args);
  } catch {
    return true;
  }
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
