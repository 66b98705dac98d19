import { InvalidRequestError } from "../errors.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import { approvalOf, type Item, type Note, type StoredItem } from "../protocol/items.ts";
import type { MCPApprovalRequest } from "../protocol/wire.ts";
import type { Tool } from "../tool.ts";

/** A call that an earlier response asked for and this request's input approves. */
export interface Approval {
  request: MCPApprovalRequest;
  /** What the upstream keeps beside its call. */
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
  const ran = new Set(conversation.map(({ item }) => approvalOf(item)));
  const approvals: Approval[] = [];
  for (const [i, item] of input.entries()) {
    if (item.type !== "mcp_approval_response") continue;
    const param = `input[${i}].approval_request_id`;
    const { approval_request_id: id } = item;
    const request = conversation.find(
      (entry) => entry.item.type === "mcp_approval_request" && entry.item.id === id,
    );
    if (!request)
      throw new InvalidRequestError(`No approval request with id "${id}" in this conversation.`, { param });
    const answers = conversation.filter(
      (entry) => entry.item.type === "mcp_approval_response" && entry.item.approval_request_id === id,
    );
    if (answers.length > 1)
      throw new InvalidRequestError(`The approval request "${id}" was answered before.`, { param });
    if (item.approve && !ran.has(id))
      approvals.push({ request: request.item as MCPApprovalRequest, note: request.note, param });
  }
  return approvals;
}

/**
 * The tools of the approved calls, by the id of the request for approval.
 * @throws InvalidRequestError when one is not among those of this request
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

/** The approved calls as a model would make them: they pass through a turn of their own before the model's first. */
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
