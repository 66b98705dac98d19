import type { ToolTurn, TurnScope } from "../context.ts";
import type { EventDraft, Progress } from "../protocol/events.ts";
import type { InTurn, ModelItem } from "../protocol/items.ts";
import type { OutputItem } from "../protocol/wire.ts";
import { retold } from "../response/default-presentation.ts";
import { added, type OpenCall, placed } from "../response/open-items.ts";
import type { CallEnd, Tool, ToolDecision, ToolResult } from "../tool.ts";
import { parseArguments } from "./arguments.ts";
import { execute } from "./execute.ts";
import { replayCall, toPair } from "./replay.ts";
import type { Run } from "./run.ts";

type GatewayCall = OpenCall & { tool: Tool };

/** What a call became: items for the model's next turn, or a question to the client. */
type Outcome =
  | { kind: "items"; outputIndex: number; items: readonly ModelItem[] }
  | { kind: "needs_client"; call: GatewayCall };

export interface CallsEnd {
  /** Each call with its output, for the model's next turn, by the place of its item in the output. */
  items: Map<number, InTurn<ModelItem>[]>;
  /** Whether a call waits for the client's approval. */
  needsClient: boolean;
}

/**
 * Runs this turn's gateway calls, parallel ones in parallel. Each shows its end when it ends. One that
 * throws (a guardrail) aborts the others. Questions to the client come last, in the order of the calls.
 */
export async function runCalls(
  run: Run,
  turn: TurnScope,
  number: number,
  approved = false,
): Promise<CallsEnd> {
  const calls = run.assembler.calls.list.filter((call): call is GatewayCall => call.tool !== undefined);
  const others = new AbortController();
  const signal = AbortSignal.any([run.context.signal, others.signal]);
  const outcomes = await Promise.allSettled(
    calls.map(async (call) => {
      try {
        return await runCall(run, turn, call, signal, approved);
      } catch (error) {
        others.abort(error);
        throw error;
      }
    }),
  );
  if (others.signal.aborted) throw others.signal.reason;
  if (signal.aborted) throw signal.reason;
  const ended = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const items: CallsEnd["items"] = new Map();
  let needsClient = false;
  for (const end of ended) {
    if (end.kind === "items")
      items.set(
        end.outputIndex,
        end.items.map((item) => ({ item, turn: number })),
      );
    else {
      needsClient = true;
      await askApproval(run, turn, end.call);
    }
  }
  return { items, needsClient };
}

async function runCall(
  run: Run,
  turn: TurnScope,
  call: GatewayCall,
  signal: AbortSignal,
  approved: boolean,
): Promise<Outcome> {
  const { assembler } = run;
  if (!call.presentation) return { kind: "needs_client", call };
  const out: EventDraft[] = [];
  assembler.calls.ready(call, out);
  run.emit(out.splice(0));
  const end = await decide(run, turn, call, signal, approved);
  if (end.kind === "needs_approval") {
    const { item, events } = assembler.calls.end(call, { kind: "stopped" });
    assembler.output.close(call.outputIndex, item, events, out);
    run.emit(out);
    return { kind: "needs_client", call };
  }
  const { item, events } = assembler.calls.end(call, end);
  const finished = await run.finishItem(item, turn, out);
  const ending = finished === item ? events : retold(finished, events);
  assembler.output.close(call.outputIndex, finished, ending, out, call.note);
  run.emit(out);
  const { outputIndex } = call;
  return { kind: "items", outputIndex, items: toModelItems(run, call, end, item, finished) };
}

/** The result as the tool gave it; as `onOutputItem` left it, where a tap changed the item. */
function toModelItems(
  run: Run,
  call: GatewayCall,
  end: CallEnd,
  item: OutputItem,
  finished: OutputItem,
): ModelItem[] {
  const replayed =
    finished === item ? undefined : replayCall(run.engine.registry, finished, run.context.request.tools);
  const output = replayed?.output ?? toOutput(end);
  return toPair({ id: call.callId, name: call.name, arguments: call.arguments || "{}", output });
}

function toOutput(end: CallEnd) {
  switch (end.kind) {
    case "output":
      return end.output;
    case "error":
      return `Error: ${end.message}`;
    case "stopped":
      return "The call was stopped.";
  }
}

async function decide(
  run: Run,
  turn: TurnScope,
  call: GatewayCall,
  signal: AbortSignal,
  approved: boolean,
): Promise<ToolResult | { kind: "needs_approval" }> {
  const { hooks, limits } = run.engine;
  const most = run.context.request.max_tool_calls ?? Number.POSITIVE_INFINITY;
  if (++run.toolCalls > most)
    return error(`This call was not run: the limit of ${most} tool calls is reached.`);
  if (turn.index >= limits.maxTurns - 1)
    return error(`This call was not run: the limit of ${limits.maxTurns} turns is reached.`);
  const args = parseArguments(call.arguments);
  if (typeof args === "string") return error(args);
  const { tool, name, callId: id } = call;
  const decision = await hooks.onToolCall?.({ id, tool, name, arguments: args }, turn);
  if (decision && !(approved && decision.kind === "needs_approval")) return toResult(decision);
  const progress = (event: Progress) => run.emit([placed(call, event)]);
  return execute(tool, args, toolTurn(turn, signal, id, progress), limits.toolTimeoutMs);
}

function toResult(decision: ToolDecision): ToolResult | { kind: "needs_approval" } {
  return decision.kind === "deny" ? error(`This call was denied: ${decision.reason}`) : decision;
}

function error(message: string): ToolResult {
  return { kind: "error", message };
}

function toolTurn(
  turn: TurnScope,
  signal: AbortSignal,
  callId: string,
  progress: (event: Progress) => void,
): ToolTurn {
  return {
    index: turn.index,
    response: turn.response,
    signal,
    log: turn.log,
    callId,
    state: (key, init) => turn.state(key, init),
    answer: (chunks) => turn.answer(chunks),
    progress: (event) => {
      if (!signal.aborted) progress(event as Progress);
    },
  };
}

/** Shows the call as a question to the client; the response ends with this turn. */
async function askApproval(run: Run, turn: TurnScope, call: GatewayCall): Promise<void> {
  const { output } = run.assembler;
  const { id, outputIndex } = output.take("mcpr");
  const request: OutputItem = {
    type: "mcp_approval_request",
    id,
    server_label: call.tool.label ?? "gateway",
    name: call.tool.wireName ?? call.name,
    arguments: call.arguments || "{}",
  };
  const item = await run.finishItem(request, turn, []);
  const out: EventDraft[] = [added(outputIndex, item)];
  output.close(outputIndex, item, [], out, call.note);
  run.emit(out);
}
