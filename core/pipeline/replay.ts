import type { ResponseContext } from "../context.ts";
import { entryOf } from "../protocol/catalogue.ts";
import {
  type HostedItem,
  type InTurn,
  type Item,
  isHostedItem,
  isModelItem,
  itemType,
  type ModelItem,
  type StoredItem,
} from "../protocol/items.ts";
import type { ToolEntry } from "../protocol/request.ts";
import type { MCPApprovalRequest, MCPApprovalResponse } from "../protocol/wire.ts";
import type { Registry } from "../registry.ts";
import { replayDefault } from "../response/default-presentation.ts";
import type { ReplayedCall } from "../tool.ts";

export interface Replaying {
  /** The whole conversation that the items are of. */
  conversation: readonly StoredItem[];
  /** Whether the upstream reads items of hosted tools that no plugin here owns. */
  runsHosted: boolean;
  /** The `tools` of the request that continues it. */
  entries: readonly ToolEntry[];
  /** For a request's own input: warned of items that nothing here can read. */
  context?: ResponseContext;
}

/**
 * Items of hosted tools as calls and outputs that any model can read; messages, reasoning and functions as
 * they are. Calls that were cut off are left out: half their arguments would poison every later turn.
 */
export function replayItems(
  registry: Registry,
  items: readonly StoredItem[],
  { conversation, runsHosted, entries, context }: Replaying,
): InTurn<ModelItem | HostedItem>[] {
  const out: InTurn<ModelItem | HostedItem>[] = [];
  let answers: ReturnType<typeof answersIn> | undefined;
  const answerTo = ({ id }: MCPApprovalRequest) => {
    answers ??= answersIn(conversation);
    return answers.get(id);
  };
  for (const { item, turn, note } of items) {
    const at = turn === undefined ? {} : { turn };
    const kept = note ? { ...at, note } : at;
    if (isModelItem(item)) {
      if (!isCutOff(item)) out.push({ item, ...kept });
      continue;
    }
    if (isCutOff(item)) continue;
    const call = replay(registry, item, entries, answerTo);
    if (call) {
      const [asked, answered] = toPair(call);
      out.push({ item: asked, ...kept }, { item: answered, ...at });
    } else if (call === undefined && runsHosted && isHostedItem(item)) out.push({ item, ...kept });
    else if (call === undefined && context && entryOf(itemType(item))?.reads !== "nothing")
      context.warn(`an input item of type "${itemType(item)}" was left out: no plugin here reads it`);
  }
  return out;
}

/** A hosted call and its output, as functions. */
export function toPair(call: ReplayedCall): [ModelItem, ModelItem] {
  return [
    { type: "function_call", call_id: call.id, name: call.name, arguments: call.arguments },
    { type: "function_call_output", call_id: call.id, output: call.output },
  ];
}

/** A call of a gateway tool as a model reads it; `undefined` when nothing here can read it. */
export function replayCall(
  registry: Registry,
  item: Item,
  entries: readonly ToolEntry[],
): ReplayedCall | undefined {
  const type = itemType(item);
  for (const kind of registry.kinds) {
    if (!kind.replay || !kind.items?.includes(type)) continue;
    const call = kind.replay(item, entries);
    if (call) return call;
  }
  return replayDefault(item);
}

/** `null`: read, and nothing to say. */
function replay(
  registry: Registry,
  item: Item,
  entries: readonly ToolEntry[],
  answerTo: (request: MCPApprovalRequest) => MCPApprovalResponse | undefined,
): ReplayedCall | null | undefined {
  if (item.type !== "mcp_approval_request") return replayCall(registry, item, entries);
  const answer = answerTo(item);
  if (answer?.approve) return null; // its call stands further on, or runs now
  const call = replayCall(registry, item, entries) ?? {
    id: item.id,
    name: item.name,
    arguments: item.arguments,
  };
  const reason = answer?.reason ? `: ${answer.reason}` : "";
  return { ...call, output: answer ? `The user denied this call${reason}.` : "This call was not approved." };
}

/** The answer to each approval request: the first one counts. */
function answersIn(conversation: readonly StoredItem[]): ReadonlyMap<string, MCPApprovalResponse> {
  const answers = new Map<string, MCPApprovalResponse>();
  for (const { item } of conversation)
    if (item.type === "mcp_approval_response" && !answers.has(item.approval_request_id))
      answers.set(item.approval_request_id, item);
  return answers;
}

function isCutOff(item: Item): boolean {
  return (
    (item as { status?: string }).status === "incomplete" &&
    itemType(item) !== "message" &&
    item.type !== "reasoning"
  );
}
