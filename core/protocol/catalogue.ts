import type { z } from "zod";
import * as hosted from "./hosted-forms.ts";
import * as model from "./model-forms.ts";
import { type Problem, problemIn } from "./problem.ts";
import type { InputItem, OutputItem, Tool } from "./wire.ts";

export type ItemType = NonNullable<(InputItem | OutputItem)["type"]>;

/** All that the core knows of one type of items. */
export interface ItemEntry {
  /** Types of the `tools[]` entries that lead to such items. */
  readonly tools?: readonly Tool["type"][];
  /**
   * Who runs such a call: the caller (`client`); a plugin (`gateway`); a plugin or else an upstream that runs hosted tools
   * itself (`server`). Absent if nothing runs.
   */
  readonly runs?: "client" | "gateway" | "server";
  /** What ids begin with. Source: ids as the OpenAI API gives them. `item` for types that vr does not make. */
  readonly prefix?: string;
  /** Checks an item in `input`. Absent: vr cannot show such items to a model yet. */
  readonly problem?: (item: Record<string, unknown>) => Problem | undefined;
  /** What a model reads if no tool kind replays the item: the item `itself`, a `call` with its output, or `nothing`. */
  readonly reads?: "itself" | "call" | "nothing";
  /** The status of an item that was cut off. Default: `incomplete`. `null`: it keeps its status. */
  readonly cutOff?: "failed" | null;
  /**
   * Only clients may make such items. Clients send whole histories back, so a model that made one could approve its own
   * calls.
   */
  readonly isClients?: true;
}

const form = (schema: z.ZodType) => (item: Record<string, unknown>) => problemIn(schema, item);

/** Every item type of the API, and every tool type with its items: a new one fails the build until it has its entry. */
const CATALOGUE = {
  message: { prefix: "msg", problem: model.messageProblem, reads: "itself" },
  reasoning: { prefix: "rs", problem: model.reasoningProblem, reads: "itself" },
  item_reference: { problem: form(model.reference), isClients: true },

  function_call: {
    tools: ["function", "namespace"],
    runs: "client",
    prefix: "fc",
    problem: form(model.functionCall),
    reads: "itself",
  },
  function_call_output: { prefix: "fco", problem: model.outputProblem, reads: "itself" },

  code_interpreter_call: {
    tools: ["code_interpreter"],
    runs: "server",
    prefix: "ci",
    problem: form(hosted.codeInterpreterCall),
  },
  file_search_call: {
    tools: ["file_search"],
    runs: "server",
    prefix: "fs",
    problem: form(hosted.fileSearchCall),
  },
  image_generation_call: {
    tools: ["image_generation"],
    runs: "server",
    prefix: "ig",
    problem: form(hosted.imageGenerationCall),
    cutOff: "failed",
  },
  web_search_call: {
    tools: ["web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11"],
    runs: "server",
    prefix: "ws",
    problem: form(hosted.webSearchCall),
    cutOff: "failed",
  },

  mcp_call: { tools: ["mcp"], runs: "gateway", prefix: "mcp", problem: form(hosted.mcpCall), reads: "call" },
  mcp_list_tools: { prefix: "mcpl", problem: form(hosted.mcpList), reads: "nothing" },
  mcp_approval_request: { prefix: "mcpr", problem: form(hosted.approvalRequest), isClients: true },
  mcp_approval_response: {
    prefix: "mcpr",
    problem: form(hosted.approvalResponse),
    reads: "nothing",
    isClients: true,
  },

  apply_patch_call: { tools: ["apply_patch"], runs: "client", cutOff: null },
  apply_patch_call_output: {},
  computer_call: { tools: ["computer", "computer_use_preview"], runs: "client" },
  computer_call_output: {},
  custom_tool_call: { tools: ["custom"], runs: "client" },
  custom_tool_call_output: {},
  local_shell_call: { tools: ["local_shell"], runs: "client" },
  local_shell_call_output: {},
  program: { tools: ["programmatic_tool_calling"], runs: "client" },
  program_output: {},
  shell_call: { tools: ["shell"], runs: "client" },
  shell_call_output: {},
  tool_search_call: { tools: ["tool_search"], runs: "client" },
  tool_search_output: {},

  additional_tools: {},
  compaction: {},
  compaction_trigger: {},
  configuration_update: {},
} as const satisfies { readonly [Type in ItemType]: ItemEntry };

type Catalogue = typeof CATALOGUE;
type ToolsOf<Entry> = Entry extends { tools: readonly (infer Type)[] } ? Type : never;
type None<Missing extends never> = Missing;
/** Fails the build where a tool type of the API belongs to no entry. */
export type MissingTools = None<Exclude<Tool["type"], ToolsOf<Catalogue[ItemType]>>>;

/** Types of calls that a plugin runs, or else the upstream. */
export type HostedType = {
  [Type in ItemType]: Catalogue[Type] extends { runs: "server" } ? Type : never;
}[ItemType];

const BY_ITEM = new Map<string, ItemEntry>(Object.entries(CATALOGUE));
const BY_TOOL = new Map<string, ItemEntry>(
  [...BY_ITEM.values()].flatMap((entry) => (entry.tools ?? []).map((type) => [type, entry] as const)),
);

/** What is known of items of this type; `undefined` for no type of the API: a plugin may own it. */
export function entryOf(itemType: string): ItemEntry | undefined {
  return BY_ITEM.get(itemType);
}

/** The entry of the items that such an entry of `tools[]` leads to. */
export function entryOfTool(toolType: string): ItemEntry | undefined {
  return BY_TOOL.get(toolType);
}

/** `msg` for a message, and so on; `item` for types that vr does not make. */
export function idPrefixOf(itemType: string): string {
  return entryOf(itemType)?.prefix ?? "item";
}
