import { InvalidRequestError } from "../errors.ts";
import { invalidParameter } from "../protocol/check-request.ts";
import { PARAMETERS } from "../protocol/create-response.ts";
import { itemProblem } from "../protocol/input-items.ts";
import type { Item } from "../protocol/items.ts";
import { below, describe, isObject, quote, wrongType } from "../protocol/problem.ts";
import type { ResponseRequest, ToolEntry } from "../protocol/request.ts";
import { toolChoiceProblem } from "../protocol/tool-choice.ts";
import { isFunctionTool, toolProblem, toToolEntry } from "../protocol/tool-entries.ts";
import type { IncludeEnum, ToolChoiceParam } from "../protocol/wire.ts";

/** What plugins registered, as far as a request can be about it. */
export interface KnownTools {
  /** The `type`s of the registered tool kinds. */
  knownTypes: ReadonlySet<string>;
  /** The types of items that registered tool kinds own. */
  ownedItems?: ReadonlySet<string>;
  /** Whether there are tools that every model sees. */
  hasOfferedTools: boolean;
}

const NO_TOOLS: KnownTools = { knownTypes: new Set(), hasOfferedTools: false };
const OWN_CHECKS = new Set(["input", "tools", "tool_choice"]);

/**
 * The body of `POST /v1/responses`, checked. Input items are the objects of the body, not copies.
 * @throws InvalidRequestError whose `param` is the path of the first thing that is wrong
 */
export function parseRequest(body: unknown, known: KnownTools = NO_TOOLS): ResponseRequest {
  if (!isObject(body))
    throw new InvalidRequestError(`The body must be a JSON object, but is ${describe(body)}.`);

  const parameters: Record<string, unknown> = {};
  const extra: [string, unknown][] = [];
  for (const name of Object.keys(body)) {
    const value = body[name];
    const check = PARAMETERS.get(name);
    if (!check && !OWN_CHECKS.has(name)) extra.push([name, value]);
    if (!check || value === null || value === undefined) continue;
    const problem = check(value);
    if (problem) throw invalidParameter(name, problem);
    parameters[name] = isObject(value) ? withoutNulls(value) : value;
  }
  // Only `false` gets here, which is the default.
  delete parameters.background;

  const tools = parseTools(body.tools ?? [], known.knownTypes);
  const request: ResponseRequest = {
    ...parameters,
    input: parseInput(
      body.input ?? undefined,
      parameters.previous_response_id !== undefined,
      known.ownedItems,
    ),
    tools,
    tool_choice: parseToolChoice(body.tool_choice ?? "auto", tools, known),
    include: new Set(parameters.include as IncludeEnum[] | undefined),
    store: parameters.store !== false,
    stream: parameters.stream === true,
    metadata: (parameters.metadata as Record<string, string> | undefined) ?? {},
    ...(extra.length > 0 ? { extra: Object.fromEntries(extra) } : {}),
  };
  if (!request.stream && request.stream_options && Object.keys(request.stream_options).length > 0)
    throw invalidParameter("stream_options", { path: "", text: "only allowed with stream: true" });
  return request;
}

function parseInput(input: unknown, continues: boolean, owned?: ReadonlySet<string>): Item[] {
  if (typeof input === "string")
    return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
  if (input !== undefined && !Array.isArray(input))
    throw invalidParameter("input", wrongType("", "a string or an array of items", input));
  if (input === undefined || input.length === 0) {
    if (continues) return [];
    throw invalidParameter("input", { path: "", text: "required unless previous_response_id is given" });
  }
  for (let i = 0; i < input.length; i++) {
    const problem = itemProblem(input[i], owned);
    if (problem) throw invalidParameter("input", below(`[${i}]`, problem));
  }
  return input as Item[];
}

function parseTools(tools: unknown, knownTypes: ReadonlySet<string>): ToolEntry[] {
  if (!Array.isArray(tools)) throw invalidParameter("tools", wrongType("", "an array", tools));
  const names = new Set<string>();
  return tools.map((entry: ToolEntry, i) => {
    const problem = toolProblem(entry, knownTypes);
    if (problem) throw invalidParameter("tools", below(`[${i}]`, problem));
    if (isFunctionTool(entry)) {
      if (names.has(entry.name))
        throw invalidParameter("tools", {
          path: `[${i}].name`,
          text: `there is another function named ${quote(entry.name)}`,
        });
      names.add(entry.name);
    }
    return toToolEntry(entry);
  });
}

function parseToolChoice(choice: unknown, tools: readonly ToolEntry[], known: KnownTools): ToolChoiceParam {
  const problem = toolChoiceProblem(choice, { tools, ...known });
  if (problem) throw invalidParameter("tool_choice", problem);
  return choice as ToolChoiceParam;
}

/** `null` is absent inside of parameters too: `reasoning: { effort: null }`. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value);
  if (!entries.some(([, inner]) => inner === null || isObject(inner))) return value;
  return Object.fromEntries(
    entries
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, key === "format" && isObject(inner) ? withoutNulls(inner) : inner]),
  );
}
