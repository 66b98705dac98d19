import type { ToolTurn, Turn } from "../context.ts";
import { ownerOf } from "../owners.ts";
import { turnFor } from "../plugin-views.ts";
import type { EventDraft, Progress } from "../protocol/events.ts";
import type { InTurn, ModelItem } from "../protocol/items.ts";
import type { OutputItem } from "../protocol/wire.ts";
import { type OpenCall, placed } from "../response/open-items.ts";
import type { CallEnd, ToolResult } from "../tool.ts";
import { askApproval } from "./ask-approval.ts";
import {
  type CallsTurn,
  decide,
  type GatewayCall,
  isGatewayCall,
  needsClient,
  type Verdict,
} from "./call-verdict.ts";
import { closeNow } from "./close.ts";
import { execute } from "./execute.ts";
import { replayCall, toPair } from "./replay.ts";
import type { Run } from "./run.ts";

/** A call that has ended, with its output, as the model's next turn receives it. */
interface RanCall {
  calledAt: number;
  outputIndex: number;
  items: InTurn<ModelItem>[];
}

export interface CallsEnd {
  ran: RanCall[];
  /** Whether at least one call was of an existing tool. */
  hasRun: boolean;
  /** Whether a call waits for the client's approval. */
  needsClient: boolean;
}

/**
 * Runs this turn's gateway calls, parallel ones in parallel. Each shows its end when it ends. One that
 * throws (a guardrail) aborts the others. Questions to the client come last, in the order of the calls.
 */
export async function runCalls(run: Run, at: CallsTurn): Promise<CallsEnd> {
  const { list } = run.assembler.calls;
  const verdicts = await decideHidden(run, at);
  const calls = list.filter(isGatewayCall);
  const ends = await inParallel(calls, run.context.signal, (call, signal) =>
    runCall(run, at, call, verdicts.get(call), signal),
  );
  const asking = calls.filter((_, i) => ends[i] === undefined);
  for (const call of asking) await askApproval(run, at.turn, call);
  return {
    ran: ends.filter((end) => end !== undefined),
    hasRun: calls.some(({ missing }) => missing === undefined),
    needsClient: asking.length > 0,
  };
}

/** Decides calls that are hidden until the taps have decided; then shows, in order, all but those to be approved. */
async function decideHidden(run: Run, at: CallsTurn): Promise<Map<OpenCall, Verdict>> {
  const { calls } = run.assembler;
  const hidden = calls.list.filter(isGatewayCall).filter((call) => !call.presentation && !needsClient(call));
  if (hidden.length === 0) return new Map();
  const verdicts = await inParallel(hidden, run.context.signal, (call) => decide(run, at, call));
  const out: EventDraft[] = [];
  const shown = hidden.map((call, i): [OpenCall, Verdict] => {
    const verdict = verdicts[i] as Verdict;
    return [verdict.kind === "needs_approval" ? call : calls.show(call, out), verdict];
  });
  run.emit(out);
  return new Map(shown);
}

/** The result of each call. An error in one aborts the others. @throws that error, or the signal's reason */
async function inParallel<T>(
  calls: readonly GatewayCall[],
  stopping: AbortSignal,
  act: (call: GatewayCall, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const others = new AbortController();
  const signal = AbortSignal.any([stopping, others.signal]);
  const outcomes = await Promise.allSettled(
    calls.map(async (call) => {
      try {
        return await act(call, signal);
      } catch (error) {
        others.abort(error);
        throw error;
      }
    }),
  );
  if (others.signal.aborted) throw others.signal.reason;
  if (signal.aborted) throw signal.reason;
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}

/** `undefined`: the client must be asked. */
async function runCall(
  run: Run,
  at: CallsTurn,
  call: GatewayCall,
  decided: Verdict | undefined,
  signal: AbortSignal,
): Promise<RanCall | undefined> {
  const { assembler } = run;
  if (needsClient(call) || (decided?.kind === "needs_approval" && !call.presentation)) return undefined;
  const out: EventDraft[] = [];
  assembler.calls.ready(call, out);
  run.emit(out);
  const verdict = decided ?? (await decide(run, at, call));
  if (verdict.kind === "needs_approval") {
    // Its note goes with the question that follows.
    await closeNow(run, at.turn, { ...assembler.calls.ending(call, { kind: "stopped" }), note: undefined });
    return undefined;
  }
  const end = verdict.kind === "run" ? await executeCall(run, at, call, verdict.args, signal) : verdict;
  const ending = assembler.calls.ending(call, end);
  const finished = await closeNow(run, at.turn, ending);
  const items = toModelItems(run, call, end, ending.item, finished);
  const { calledAt, outputIndex } = call;
  return { calledAt, outputIndex, items: items.map((each) => ({ item: each, turn: at.number })) };
}

function executeCall(
  run: Run,
  { turn }: CallsTurn,
  call: GatewayCall,
  args: Record<string, unknown>,
  signal: AbortSignal,
): Promise<ToolResult> {
  const progress = (event: Progress) => run.emit([placed(call, event)]);
  const { limits } = run.engine;
  const plugin = ownerOf(call.tool);
  const own = plugin === undefined ? turn : turnFor(plugin, turn);
  return execute(call.tool, args, toolTurn(own, signal, call.callId, progress), limits.toolTimeoutMs);
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

function toolTurn(
  turn: Turn,
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
