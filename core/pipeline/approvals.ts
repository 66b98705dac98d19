import { InvalidRequestError } from "../errors.ts";
import { approvalOf, type Item, type StoredItem } from "../protocol/items.ts";
import type { MCPApprovalRequest } from "../protocol/wire.ts";
import type { Tool } from "../tool.ts";

/** A call that an earlier response asked for and this request's input approves. */
export interface Approval {
  request: MCPApprovalRequest;
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
    if (item.approve && !ran.has(id)) approvals.push({ request: request.item as MCPApprovalRequest, param });
  }
  return approvals;
}

/** @throws InvalidRequestError when the tool is not among those of this request */
export function approvedTool(approval: Approval, gateway: ReadonlyMap<string, Tool>): Tool {
  const { request, param } = approval;
  for (const tool of gateway.values())
    if (tool.label === request.server_label && (tool.wireName ?? tool.name) === request.name) return tool;
  throw new InvalidRequestError(
    `The approved tool "${request.name}" of "${request.server_label}" is not among this request's tools.`,
    { param },
  );
}
