import { z } from "zod";
import { below, isObject, notSupportedYet, type Problem, problemIn, quote, wrongType } from "./problem.ts";
import type { ToolEntry } from "./request.ts";
import { isFunctionTool } from "./tool-entries.ts";
import { toolFamily, toolTypeClass } from "./tool-types.ts";

type Sent = Record<string, unknown>;

const name = z.string().min(1);
const mode = z.enum(["none", "auto", "required"]);
const functionChoice = z.object({ name });
const mcpChoice = z.object({ server_label: name, name: name.nullish() });
const allowedTools = z.object({ mode: z.enum(["auto", "required"]), tools: z.array(z.unknown()) });

/** The tools that a choice can be about. */
export interface Choosable {
  tools: readonly ToolEntry[];
  /** Whether every model sees tools of plugins, whatever `tools` says. */
  hasOfferedTools: boolean;
  /** Types of entries that plugins registered. */
  knownTypes: ReadonlySet<string>;
}

/** The same, to look up: a choice may name as many tools as there are. */
interface Names {
  functions: ReadonlySet<unknown>;
  labels: ReadonlySet<unknown>;
  families: ReadonlySet<string>;
}

/** What is wrong with `tool_choice`; tools that it names must be there. */
export function toolChoiceProblem(choice: unknown, choosable: Choosable): Problem | undefined {
  if (typeof choice === "string") return modeProblem(choice, choosable);
  if (!isObject(choice)) return wrongType("", "a string or an object", choice);
  const names = toNames(choosable.tools);
  if (choice.type === "allowed_tools") return allowedProblem(choice, names, choosable);
  return namedProblem(choice, names, choosable);
}

function toNames(tools: readonly ToolEntry[]): Names {
  return {
    functions: new Set(tools.filter(isFunctionTool).map((tool) => tool.name)),
    labels: new Set(tools.map((tool) => (tool.type === "mcp" ? tool.server_label : undefined))),
    families: new Set(tools.map((tool) => toolFamily(tool.type))),
  };
}

function modeProblem(choice: string, { tools, hasOfferedTools }: Choosable): Problem | undefined {
  const problem = problemIn(mode, choice);
  if (problem || choice !== "required" || tools.length > 0 || hasOfferedTools) return problem;
  return { path: "", text: `"required" needs at least one tool in tools` };
}

function allowedProblem(choice: Sent, names: Names, choosable: Choosable): Problem | undefined {
  const problem = problemIn(allowedTools, choice);
  if (problem) return problem;
  const allowed = choice.tools as unknown[];
  if (choice.mode === "required" && allowed.length === 0)
    return { path: ".tools", text: `mode "required" needs at least one tool` };
  for (let i = 0; i < allowed.length; i++) {
    const tool = allowed[i];
    const wrong = isObject(tool) ? namedProblem(tool, names, choosable) : wrongType("", "an object", tool);
    if (wrong) return below(`.tools[${i}]`, wrong);
  }
  return undefined;
}

/** For a choice that names one tool: by function name, by MCP label, or by hosted type. */
function namedProblem(choice: Sent, names: Names, choosable: Choosable): Problem | undefined {
  const { type } = choice;
  if (typeof type !== "string") return wrongType(".type", "a string", type);
  if (type === "function") {
    const problem = problemIn(functionChoice, choice);
    if (problem || names.functions.has(choice.name)) return problem;
    return missing(`function ${quote(String(choice.name))}`);
  }
  if (type === "mcp") {
    const problem = problemIn(mcpChoice, choice);
    // A plugin's own tool needs no entry. Whether its label is this one, resolving the tools will tell.
    if (problem || choosable.hasOfferedTools || names.labels.has(choice.server_label)) return problem;
    return missing(`MCP server ${quote(String(choice.server_label))}`);
  }
  if (toolTypeClass(type) === "hosted" || choosable.knownTypes.has(type))
    return names.families.has(toolFamily(type)) ? undefined : missing(`tool of type ${quote(type)}`);
  if (toolTypeClass(type) === "client" || type === "computer_use")
    return notSupportedYet(".type", `a choice of type ${quote(type)}`);
  return { path: ".type", text: `${quote(type)} is no known type of choice` };
}

function missing(what: string): Problem {
  return { path: "", text: `there is no ${what} in tools` };
}
