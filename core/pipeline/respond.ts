import { ClientLeft, isGuardrailStop, toVrError } from "../errors.ts";
import { toFailure } from "../failure.ts";
import { isItemReference } from "../protocol/items.ts";
import type { ResponseRequest } from "../protocol/request.ts";
import type { Response as ResponseObject } from "../protocol/wire.ts";
import type { EventSink } from "../response/sink.ts";
import { nameModel } from "../routing/ask.ts";
import { extraFor } from "../routing/extra.ts";
import { runsHosted } from "../routing/runs-hosted.ts";
import { type ResponseScope, TurnScope } from "../scopes.ts";
import { stepAside } from "../step-aside.ts";
import { untilAborted } from "../until-aborted.ts";
import { toChunks } from "./approvals.ts";
import { complete, type ResponseEnd } from "./complete.ts";
import type { Engine } from "./engine.ts";
import { hydrate } from "./hydrate.ts";
import { toModelRequest } from "./model-request.ts";
import { nextRequest, offered } from "./next-request.ts";
import { resolveTools } from "./resolve-tools.ts";
import { type Prepared, Run } from "./run.ts";
import { runCalls } from "./tool-calls.ts";
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
  const hosted = runsHosted(routed);
  const extra = extraFor(routed, context);
  const conversation = await hydrate(engine.registry, context, hosted);
  context.history = conversation.history;
  if (context.large) await stepAside();
  const tools = await resolveTools(engine.registry, context.request, context, hosted);
  if (asked !== undefined) return { conversation, tools, extra, model: asked, candidates: routed };
  return { conversation, tools, extra, ...(await nameModel(routed, context)) };
}

/** Runs turns until the model has answered or the client is needed. Approved calls are a turn of their own, the first. */
async function converse(run: Run): Promise<ResponseEnd> {
  const { context, conversation, tools, assembler, engine } = run;
  let approved = run.approved.size > 0 ? toChunks(conversation.approvals, run.approved) : undefined;
  const hosted = runsHosted(run.candidates);
  let request = toModelRequest(context.request, run.model, tools, conversation.items, hosted, run.extra);
  let hasIgnored = false;
  for (let index = 0, number = conversation.nextTurn; ; number++) {
    const isLast = !approved && index >= engine.limits.maxTurns - 1;
    const at = { turn: new TurnScope(index, context), number, isLast, approved };
    if (!approved) context.turns = index + 1;
    const first = assembler.output.next;
    assembler.beginTurn(number, tools, engine.hooks.asks);
    const end = await runTurn(run, at, offered(run, request, isLast));
    run.begun = true;
    if (end === "guardrail" || isCut(end))
      return { status: "incomplete", reason: end === "length" ? "max_output_tokens" : "content_filter" };
    const { list, ignored, approved: isApproved } = assembler.calls;
    // A model whose calls are ignored is asked once more, without gateway tools.
    const goesOn = list.some((call) => call.tool) || (list.length === 0 && ignored > 0 && !hasIgnored);
    if (!isApproved && !goesOn) return { status: "completed" };
    const calls = await runCalls(run, at);
    if (isLast || calls.needsClient || list.some((call) => !call.tool)) return { status: "completed" };
    request = nextRequest(run, request, first, calls);
    if (!approved) index++;
    approved = undefined;
    hasIgnored ||= ignored > 0;
  }
}

/** How a thrown error ends the response. @throws the error if nothing has been sent yet */
function outcomeOf(run: Run, error: unknown): ResponseEnd {
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
