import type { ResponseContext } from "../context.ts";
import { InvalidRequestError, isVrError, VrError } from "../errors.ts";
import { blame } from "../failure.ts";
import { ownerOf } from "../owners.ts";
import { responseFor } from "../plugin-views.ts";
import { entryOfTool } from "../protocol/catalogue.ts";
import type { ModelFunction, ToolChoice } from "../protocol/model-request.ts";
import type { ResponseRequest, ToolEntry } from "../protocol/request.ts";
import { toolFamily } from "../protocol/tool-types.ts";
import type { Registry } from "../registry.ts";
import type { ListedItem, ResolvedEntry, Tool } from "../tool.ts";
import { type EntryFunctions, toToolChoice } from "./tool-choice.ts";

/** Every `tools[]` entry as functions that the model sees. */
export interface ResolvedTools {
  functions: readonly ModelFunction[];
  /** Gateway tools by the name that the model calls. */
  gateway: ReadonlyMap<string, Tool>;
  choice: ToolChoice;
  /** Entries that the upstream runs itself. */
  hosted: readonly ToolEntry[];
  /** Items that resolving brought; they open the output. */
  listed: readonly ListedItem[];
}

/** Most entries that plugins resolve, since each may call a server. OpenAI's limit for all tools. */
const MOST_RESOLVED = 128;

const NO_TOOLS: ResolvedTools = {
  functions: [],
  gateway: new Map(),
  choice: { mode: "auto" },
  hosted: [],
  listed: [],
};

/**
 * `runsHosted`: whether the upstream runs hosted tools itself.
 * @throws InvalidRequestError that names the entry, or what a tool kind throws
 */
export async function resolveTools(
  registry: Registry,
  request: ResponseRequest,
  context: ResponseContext,
  runsHosted = false,
): Promise<ResolvedTools> {
  if (request.tools.length === 0 && registry.offered.length === 0) return NO_TOOLS;
  if (request.tools.filter(({ type }) => type !== "function").length > MOST_RESOLVED)
    throw new InvalidRequestError(`tools may hold ${MOST_RESOLVED} entries at most beside functions`, {
      param: "tools",
    });
  const functions = new Map<string, ModelFunction>();
  const gateway = new Map<string, Tool>();
  const hosted: ToolEntry[] = [];
  const listed: ListedItem[] = [];
  const entries: EntryFunctions[] = [];

  const resolved = await Promise.all(
    request.tools.map((entry, i) =>
      entry.type === "function" ? undefined : resolveEntry(registry, entry, i, context),
    ),
  );
  for (const [i, entry] of request.tools.entries()) {
    const names = new Map<string, string>();
    const passes = runsHosted && resolved[i] === undefined && isPassed(entry);
    entries.push({ entry, names, hosted: passes });
    if (passes) {
      hosted.push(entry);
      continue;
    }
    if (entry.type === "function") {
      if (functions.has(entry.name)) throw sameName(entry.name, i);
      functions.set(entry.name, toFunction(entry));
      names.set(entry.name, entry.name);
      continue;
    }
    const result = resolved[i];
    if (!result) leaveOut(entry, i, context);
    listed.push(...(result?.items ?? []));
    for (const tool of result?.tools ?? []) {
      if (functions.has(tool.name)) throw sameName(tool.name, i);
      functions.set(tool.name, toFunction(tool));
      gateway.set(tool.name, tool);
      names.set(tool.name, tool.wireName ?? tool.name);
    }
  }
  for (const tool of registry.offered) {
    if (gateway.get(tool.name) === tool) continue; // the request named it too
    if (functions.has(tool.name)) {
      context.warn(`the gateway's own tool "${tool.name}" gives way to a tool of the request with that name`);
      continue;
    }
    functions.set(tool.name, toFunction(tool));
    gateway.set(tool.name, tool);
    const entry = { type: "mcp", server_label: tool.label ?? "" } as ToolEntry;
    entries.push({ entry, names: new Map([[tool.name, tool.wireName ?? tool.name]]) });
  }
  const choice = toToolChoice(request.tool_choice, entries);
  return { functions: [...functions.values()], gateway, choice, hosted, listed };
}

function sameName(name: string, index: number): InvalidRequestError {
  return new InvalidRequestError(`two tools of this request are named "${name}"`, {
    param: `tools[${index}]`,
  });
}

async function resolveEntry(
  registry: Registry,
  entry: ToolEntry,
  index: number,
  context: ResponseContext,
): Promise<ResolvedEntry | undefined> {
  for (const kind of registry.kinds) {
    if (kind.type !== entry.type) continue;
    const plugin = ownerOf(kind);
    try {
      const result = await kind.resolve(entry, plugin === undefined ? context : responseFor(plugin, context));
      if (result) return { ...result, tools: registry.label(kind, result.tools) };
    } catch (error) {
      throw plugin === undefined ? atEntry(error, index) : blame(atEntry(error, index), plugin);
    }
  }
  return undefined;
}

/** Completes the `param` of what a tool kind threw: `server_url` → `tools[2].server_url`. */
function atEntry(error: unknown, index: number): unknown {
  if (!isVrError(error) || error.param?.startsWith("tools[")) return error;
  const param = error.param ? `tools[${index}].${error.param}` : `tools[${index}]`;
  const completed = new VrError(error.status, error.type, error.message, {
    param,
    code: error.code,
    cause: error,
  });
  completed.headers = error.headers;
  return completed;
}

/** Whether an upstream can run the tool without anything of the gateway's. */
function isPassed(entry: ToolEntry): boolean {
  return entryOfTool(toolFamily(entry.type))?.runs === "server";
}

/** A hosted type without a plugin. Codex and others send such by default, so it is no error by itself. */
function leaveOut(entry: ToolEntry, index: number, context: ResponseContext): void {
  if (entry.type === "mcp" && !entry.server_url)
    throw new InvalidRequestError(`no server is configured under the label "${entry.server_label}"`, {
      param: `tools[${index}].server_label`,
    });
  context.warn(`tools[${index}] was left out: this gateway has no plugin for "${entry.type}"`);
}

function toFunction(tool: {
  name: string;
  description?: string | null;
  parameters: ModelFunction["parameters"] | null;
  strict?: boolean | null;
}): ModelFunction {
  return {
    name: tool.name,
    ...(tool.description ? { description: tool.description } : {}),
    parameters: tool.parameters ?? { type: "object", properties: {} },
    ...(typeof tool.strict === "boolean" ? { strict: tool.strict } : {}),
  };
}
