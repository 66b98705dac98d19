import { PluginError } from "./errors.ts";
import { isObject } from "./protocol/problem.ts";
import type { Tool, ToolKind } from "./tool.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The field with the problem: `name`, `parameters.type`. */
type Rule = readonly [field: string, is: (value: unknown) => boolean, takes: string];

const isText = (value: unknown) => typeof value === "string" && value !== "";
const isFunction = (value: unknown) => typeof value === "function";
const orNothing = (is: Rule[1]) => (value: unknown) => value === undefined || is(value);
const isSwitch = orNothing((value) => typeof value === "boolean");

const TOOL: readonly Rule[] = [
  ["execute", isFunction, "a function"],
  ["parameters", isObject, 'a JSON Schema: { type: "object", properties: { … } }'],
  ["description", orNothing((value) => typeof value === "string"), "a text"],
  ["strict", isSwitch, "true or false"],
  ["needsApproval", isSwitch, "true or false"],
  ["label", orNothing(isText), "a text"],
  ["wireName", orNothing(isText), "a text"],
  ["present", orNothing(isFunction), "a function"],
];

const SCHEMA: readonly Rule[] = [
  ["type", orNothing((value) => value === "object"), '"object": the arguments of a call are an object'],
  ["properties", orNothing(isObject), "an object"],
  ["required", orNothing((value) => Array.isArray(value) && value.every(isText)), "a list of names"],
];

const KIND: readonly Rule[] = [
  ["resolve", isFunction, "a function"],
  ["items", orNothing((value) => Array.isArray(value) && value.every(isText)), "a list of types of items"],
  ["replay", orNothing(isFunction), "a function"],
  ["mask", orNothing(isFunction), "a function"],
];

/** Checks a tool. @throws PluginError that names plugin, tool and field */
export function checkTool(plugin: string, tool: Tool): void {
  const { name } = fieldsOf(plugin, "tool", tool);
  if (typeof name !== "string" || !/^[a-zA-Z0-9_-]{1,64}$/.test(name))
    throw new PluginError(
      `plugin "${plugin}" adds a tool named ${JSON.stringify(name)}: names match ^[a-zA-Z0-9_-]{1,64}$`,
    );
  const at = `plugin "${plugin}" adds the tool "${name}"`;
  check(at, tool, TOOL);
  const { parameters } = tool;
  // Every zod schema has this member, and some also have a `type` that would pass.
  if ("~standard" in parameters)
    throw new PluginError(`${at} with a schema object as parameters: use z.toJSONSchema(schema)`);
  check(`${at} with wrong parameters`, parameters, SCHEMA);
  if (!isJson(parameters)) throw new PluginError(`${at} with parameters that cannot be written as JSON`);
}

/** @throws PluginError that names plugin, type and field */
export function checkKind(plugin: string, kind: ToolKind): void {
  const { type } = fieldsOf(plugin, "tool kind", kind);
  if (!isText(type)) throw new PluginError(`plugin "${plugin}" adds a tool kind without a type`);
  check(`plugin "${plugin}" adds the tool kind "${type}"`, kind, KIND);
}

function fieldsOf(plugin: string, what: string, value: unknown): Fields {
  if (isObject(value)) return value;
  throw new PluginError(`plugin "${plugin}" adds a ${what} that is not an object`);
}

function check(at: string, value: object, rules: readonly Rule[]): void {
  for (const [field, is, takes] of rules)
    if (!is((value as Fields)[field])) throw new PluginError(`${at}: ${field} must be ${takes}`);
}

function isJson(value: object): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
