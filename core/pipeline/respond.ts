import { ClientLeft, isGuardrailStop, toVrError } from "../errors.ts";
import { toFailure } from "../failure.ts";
import {
  type HostedItem,
  type InTurn,
  isHostedItem,
  isItemReference,
  isModelItem,
  type ModelItem,
  type Note,
} from "../protocol/items.ts";
import type { ModelRequest, ToolChoice } from "../protocol/model-request.ts";
import type { ResponseRequest } from "../protocol/request.ts";
import type { Response as ResponseObject } from "../protocol/wire.ts";
import type { EventSink } from "../response/sink.ts";
import { nameModel } from "../routing/ask.ts";
import { extraFor } from "../routing/extra.ts";
import { type ResponseScope, TurnScope } from "../scopes.ts";
import { stepAside } from "../step-aside.ts";
import { untilAborted } from "../until-aborted.ts";
import { toChunks } from "./approvals.ts";
import { complete, type Outcome } from "./complete.ts";
import type { Engine } from "./engine.ts";
import { hydrate } from "./hydrate.ts";
import { toModelRequest } from "./model-request.ts";
import { resolveTools } from "./resolve-tools.ts";
import { type Prepared, Run } from "./run.ts";
import { type CallsEnd, runCalls } from "./tool-calls.ts";
import { isCut, runTurn } from "./turn.ts";
import { warnWithoutStore } from "./without-store.ts";

/**
 * The life of a response: hydrate, tools, turns, completion. The sink sees numbered events and exactly one
 * terminal one; the promise resolves to the response as it ended.
 * @throws an error that occurred before anything was sent: the caller answers with its status
 */
export async function respond(
  engine: Engine,
  context: ResponseScope,
  sink: EventSink,
): Promise<ResponseObject> {
  warnWithoutStore(engine, context);
  const preparing = prepare(engine, context);
  const prepared = await (asksPlugins(context.request) ? untilAborted(preparing, context.signal) : preparing);
  if (context.large) await stepAside();
  const run = new Run(engine, context, sink, prepared);
  return complete(run, await converse(run).catch((error: unknown) => outcomeOf(run, error)));
}

/** Whether a store, a tool kind or an upstream is asked before the first turn: it may never answer. */
function asksPlugins({ previous_response_id, model, tools, input }: ResponseRequest): boolean {
  return (
    previous_response_id !== undefined ||
    model === undefined ||
    tools.length > 0 ||
    input.some(isItemReference)
  );
}

/** What a response starts from: the conversation, who may answer it, its tools and its model. */
async function prepare(engine: Engine, context: ResponseScope): Promise<Prepared> {
  const asked = context.request.model;
  const routed = engine.router.route(asked);
  const native = routed[0]?.upstream.native === true;
  const extra = extraFor(routed, context);
  const conversation = await hydrate(engine.registry, context, native);
  context.history = conversation.history;
  if (context.large) await stepAside();
  const tools = await resolveTools(engine.registry, context.request, context, native);
  if (asked !== undefined) return { conversation, tools, extra, model: asked, candidates: routed };
  return { conversation, tools, extra, ...(await nameModel(routed, context)) };
}

/** Runs turns until the model has answered or the client is needed. Approved calls come first. */
async function converse(run: Run): Promise<Outcome> {
  const { context, conversation, tools, assembler, engine } = run;
  let approved = run.approved.size > 0 ? toChunks(conversation.approvals, run.approved) : undefined;
  let request = toModelRequest(context.request, run.model, tools, conversation.items, run.native, run.extra);
  for (let index = 0, number = conversation.nextTurn; ; number++) {
    const turn = new TurnScope(index, context);
    if (!approved) context.turns = index + 1;
    const isLast = !approved && index >= engine.limits.maxTurns - 1;
    const first = assembler.output.next;
    assembler.beginTurn(number, tools, engine.hooks.asks);
    const end = await runTurn(run, turn, isLast ? withoutTools(request) : request, approved);
    run.begun = true;
    if (end === "guardrail" || isCut(end))
      return { status: "incomplete", reason: end === "length" ? "max_output_tokens" : "content_filter" };
    const { list, approved: isApproved } = assembler.calls;
    if (!isApproved && !list.some((call) => call.tool)) return { status: "completed" };
    const calls = await runCalls(run, { turn, number, isLast });
    if (isLast || calls.needsClient || list.some((call) => !call.tool)) return { status: "completed" };
    const toolChoice = calls.hasRun ? freed(run, request.toolChoice) : request.toolChoice;
    request = { ...request, items: [...request.items, ...saidIn(run, first, calls.ran)], toolChoice };
    if (!approved) index++;
    approved = undefined;
  }
}

/**
 * What the turn whose output begins at `first` adds to what the model reads, in the order in which it was said:
 * servers that give encrypted reasoning want each call right behind its own.
 */
function saidIn(run: Run, first: number, calls: CallsEnd["ran"]): InTurn<ModelItem | HostedItem>[] {
  const { natives, output } = run.assembler;
  const said: InTurn<ModelItem | HostedItem>[] = [];
  const shown = new Set(calls.map(({ outputIndex }) => outputIndex));
  const called = Map.groupBy(calls, ({ calledAt }) => calledAt);
  for (let i = first; i <= output.next; i++) {
    for (const call of called.get(i) ?? [])
      said.push(...withNote(call.items, output.items[call.outputIndex]?.note));
    const stored = output.items[i];
    if (!stored || shown.has(i)) continue;
    const { item } = stored;
    if (isModelItem(item) || (natives.has(i) && isHostedItem(item))) said.push({ ...stored, item });
  }
  return said;
}

/** The note of a call goes with the call, not with its output. */
function withNote([call, ...rest]: InTurn<ModelItem>[], note: Note | undefined): InTurn<ModelItem>[] {
  return call ? [note ? { ...call, note } : call, ...rest] : rest;
}

/**
 * A forced choice holds for the first turn: once a gateway call has run, an approved one too, the model is free to
 * answer. Tools that `allowed_tools` leaves out stay left out.
 */
function freed(run: Run, { mode, ...limits }: ToolChoice): ToolChoice {
  const { tool_choice: asked } = run.context.request;
  const staysLimited = limits.names && typeof asked === "object" && asked.type === "allowed_tools";
  const free = mode === "required" ? "auto" : mode;
  return staysLimited ? { mode: free, ...limits } : { mode: free };
}

function withoutTools(request: ModelRequest): ModelRequest {
  const hosted = request.hosted && { ...request.hosted, tools: [] };
  return { ...request, tools: [], hosted, toolChoice: { mode: "none" } };
}

/** How a thrown error ends the response. @throws the error if nothing has been sent yet */
function outcomeOf(run: Run, error: unknown): Outcome {
  const { signal, log } = run.context;
  if (signal.aborted && signal.reason instanceof ClientLeft) return { status: "cancelled" };
  if (isGuardrailStop(error)) {
    log.info({ reason: error.message }, "a guardrail ended the response");
    return { status: "incomplete", reason: "content_filter" };
  }
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (run.opened) {
    run.context.failure = toFailure(reason);
    return { status: "failed", error: toVrError(reason) };
  }
  run.sequencer.stop();
  throw reason;
}
