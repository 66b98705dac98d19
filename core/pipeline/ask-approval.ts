import type { OutputItem } from "../protocol/wire.ts";
import { added } from "../response/open-items.ts";
import type { TurnScope } from "../scopes.ts";
import type { GatewayCall } from "./call-verdict.ts";
import { closeNow } from "./close.ts";
import type { Run } from "./run.ts";

/** Shows the call as an approval request; the response ends with this turn. */
export async function askApproval(run: Run, turn: TurnScope, call: GatewayCall): Promise<void> {
  const { id, outputIndex } = run.assembler.output.take("mcpr");
  const request: OutputItem = {
    type: "mcp_approval_request",
    id,
    server_label: call.tool.label ?? "gateway",
    name: call.tool.wireName ?? call.name,
    arguments: call.arguments.trim() === "" ? "{}" : call.arguments,
  };
  const end = (item: OutputItem) => [added(outputIndex, item)];
  await closeNow(run, turn, { outputIndex, item: request, note: call.note, end });
}
