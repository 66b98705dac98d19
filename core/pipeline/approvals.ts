import { InvalidRequestError } from "../errors.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import { approvedRequestId, type Item, isHostedItem, type Note, type StoredItem } from "../protocol/items.ts";
import type { MCPApprovalRequest, MCPApprovalResponse } from "../protocol/wire.ts";
import type { Tool } from "../tool.ts";

/** A call that an earlier response asked for and this request's input approves. */
export interface Approval {
  request: MCPApprovalRequest;
  /** The upstream's note on its call. */
  note: Note | undefined;
  /** Where in `input` it is approved. */
  param: string;
}

/**
 * The approved calls of a request, in the order of its input. Some clients send the whole conversation each time: an
 * approval whose call is in it has done its work.
 * @throws InvalidRequestError when a response answers no request, or one that was answered before
 */
export function findApprovals(conversation: readonly StoredItem[], input: readonly Item[]): Approval[] {
  if (!input.some(isAnswer)) return [];
  const { requests, answers, ran, lastHosted } = approvalsIn(conversation);
  const approvals: Approval[] = [];
  for (const [i, item] of input.entries()) {
    if (!isAnswer(item)) continue;
    const param = `input[${i}].approval_request_id`;
    const { approval_request_id: id } = item;
    const asked = requests.get(id);
    if (!asked)
      throw new InvalidRequestError(`No approval request with id "${id}" in this conversation.`, { param });
    const [first = 0, again] = answers.get(id) ?? [];
    if (again !== undefined)
      throw new InvalidRequestError(`The approval request "${id}" was answered before.`, { param });
    if (item.approve && !ran.has(id) && first > lastHosted) approvals.push({ ...asked, param });
  }
  return approvals;
}

function isAnswer(item: Item): item is MCPApprovalResponse {
  return item.type === "mcp_approval_response";
}

/** Reads each item once, however many approvals there are. */
function approvalsIn(conversation: readonly StoredItem[]) {
  const requests = new Map<string, Pick<Approval, "request" | "note">>();
  /** The positions of the answers to each request. */
  const answers = new Map<string, number[]>();
  const ran = new Set<string>();
  /** Items of other tools do not name their approval: an approval in front of such an item counts as used. */
  let lastHosted = -1;
  for (const [at, { item, note }] of conversation.entries()) {
    if (item.type === "mcp_approval_request" && !requests.has(item.id))
      requests.set(item.id, { request: item, note });
    else if (isAnswer(item)) {
      const { approval_request_id: id } = item;
      answers.set(id, [...(answers.get(id) ?? []).slice(0, 1), at]);
    } else if (isHostedItem(item)) lastHosted = at;
    const approved = approvedRequestId(item);
    if (approved !== undefined) ran.add(approved);
  }
  return { requests, answers, ran, lastHosted };
}

/**
 * The tools of the approved calls, by the id of the approval request.
 * @throws InvalidRequestError when a tool is not among those of this request
 */
export function approvedTools(
  approvals: readonly Approval[],
  gateway: ReadonlyMap<string, Tool>,
): Map<string, Tool> {
  return new Map(approvals.map((approval) => [approval.request.id, approvedTool(approval, gateway)]));
}

function approvedTool({ request, param }: Approval, gateway: ReadonlyMap<string, Tool>): Tool {
  for (const tool of gateway.values())
    if (tool.label === request.server_label && (tool.wireName ?? tool.name) === request.name) return tool;
  throw new InvalidRequestError(
    `The approved tool "${request.name}" of "${request.server_label}" is not among this request's tools.`,
    { param },
  );
}

/** The approved calls as chunks of a model: they form a turn of their own before the model's first. */
export function toChunks(
  approvals: readonly Approval[],
  tools: ReadonlyMap<string, Tool>,
): readonly ModelChunk[] {
  const calls = approvals.flatMap(({ request, note }, index): ModelChunk[] => {
    const { id, arguments: delta } = request;
    const { name } = tools.get(id) as Tool;
    const begun = { type: "tool_call", index, name, callId: id, approval: id } as const;
    const kept = note ? [{ type: "note", index, note } as const] : [];
    return [begun, { type: "tool_arguments", index, delta }, ...kept];
  });
  return [...calls, { type: "finish", reason: "tool_calls" }];
}
