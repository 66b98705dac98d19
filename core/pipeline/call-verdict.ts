import type { ModelChunk } from "../protocol/chunk.ts";
import type { OpenCall } from "../response/open-items.ts";
import type { TurnScope } from "../scopes.ts";
import type { Tool, ToolResult } from "../tool.ts";
import { parseArguments } from "./arguments.ts";
import { withoutOptionalNulls } from "./optional-nulls.ts";
import type { Run } from "./run.ts";

export type GatewayCall = OpenCall & { tool: Tool };

/** A turn, and what of it the pipeline alone knows. */
export interface CallsTurn {
  turn: TurnScope;
  /** The turn's number, unique in the conversation. */
  number: number;
  /** The model has no further turn, so calls do not run. */
  isLast: boolean;
  /** The calls that the client has approved, in the turn of their own. */
  approved?: readonly ModelChunk[] | undefined;
}

/** What happens with a call: a result without running it, an approval request, or a run. */
export type Verdict =
  | ToolResult
  | { kind: "needs_approval" }
  | { kind: "run"; args: Record<string, unknown> };

export function isGatewayCall(call: OpenCall): call is GatewayCall {
  return call.tool !== undefined;
}

/** Whether the client must approve whatever the taps decide: they run after the approval. */
export function needsClient({ tool, approval }: GatewayCall): boolean {
  return tool.needsApproval === true && approval === undefined;
}

/** Decides by the limits, the arguments and the taps. */
export async function decide(run: Run, { turn, isLast }: CallsTurn, call: GatewayCall): Promise<Verdict> {
  const { hooks, limits } = run.engine;
  if (call.missing !== undefined && !isLast) return error(call.missing);
  if (isLast) return error(`This call was not run: the limit of ${limits.maxTurns} turns is reached.`);
  const { tool, name, callId: id, approval } = call;
  const parsed = parseArguments(call.arguments);
  if (typeof parsed === "string") return error(parsed);
  const args = withoutOptionalNulls(parsed, tool.parameters);
  const asked = { id, tool, name, arguments: args, ...(approval === undefined ? {} : { approval }) };
  const decision = await hooks.onToolCall?.(asked, turn);
  if (!decision) return { kind: "run", args };
  return decision.kind === "deny" ? error(`This call was denied: ${decision.reason}`) : decision;
}

function error(message: string): ToolResult {
  return { kind: "error", message };
}
