import { ClientLeft, isVrError, toVrError, type VrError } from "../errors.ts";
import { toFailure } from "../failure.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { Item, StoredItem } from "../protocol/items.ts";
import type { OutputItem, ResponseErrorCode, Response as ResponseObject } from "../protocol/wire.ts";
import { encodeShell, type Life } from "../response/document.ts";
import { stepAside } from "../step-aside.ts";
import { untilAborted } from "../until-aborted.ts";
import type { Run } from "./run.ts";

/** How a response ended. */
export type ResponseEnd =
  | { status: "completed" }
  | { status: "incomplete"; reason: "max_output_tokens" | "content_filter" }
  | { status: "failed"; error: VrError }
  | { status: "cancelled" };

/**
 * Ends a response: closes open items, stores it, then sends the one terminal event. A response that cannot
 * be stored fails.
 * @throws StoreError when nothing has been sent yet
 */
export async function complete(run: Run, outcome: ResponseEnd): Promise<ResponseObject> {
  const { context, sink } = run;
  let response: ResponseObject;
  if (context.large) await stepAside();
  try {
    closeAll(run, outcome);
    response = run.document.snapshot(lifeOf(run, outcome, run.assembler.output.shown()));
    await store(run, response);
  } catch (error) {
    if (!run.opened || !sink.live) {
      run.sequencer.stop();
      throw error;
    }
    context.failure = toFailure(error);
    const failure = { status: "failed" as const, error: toVrError(error) };
    response = run.document.snapshot(lifeOf(run, failure, showableItems(run)));
  }
  if (response.status === "cancelled") run.sequencer.stop();
  else if (sink.live) run.sequencer.end({ type: terminalType(response.status), response });
  else sink.open({ id: context.id, warnings: context.warnings });
  return response;
}

function closeAll(run: Run, outcome: ResponseEnd): void {
  const { assembler, context } = run;
  if (outcome.status === "cancelled") return;
  const out: EventDraft[] = [];
  assembler.closeAll(out, (err) => context.log.error({ err }, "a tool's presentation failed to end"));
  run.emit(out);
}

/** The finished items, or none where a plugin has made one that cannot even be shown: the terminal event must leave. */
function showableItems(run: Run): OutputItem[] {
  try {
    const shown = run.assembler.output.shown();
    JSON.stringify(shown);
    return shown;
  } catch {
    return [];
  }
}

function terminalType(status: ResponseObject["status"]) {
  if (status === "failed") return "response.failed";
  return status === "incomplete" ? "response.incomplete" : "response.completed";
}

function lifeOf(run: Run, outcome: ResponseEnd, output: OutputItem[]): Life {
  const { usage } = run.assembler;
  switch (outcome.status) {
    case "completed":
    case "cancelled":
      return { status: outcome.status, output, usage };
    case "incomplete":
      return { status: "incomplete", output, usage, incompleteReason: outcome.reason };
    case "failed":
      return { status: "failed", output, usage, error: toResponseError(outcome.error) };
  }
}

async function store(run: Run, response: ResponseObject): Promise<void> {
  const { request } = run.context;
  if (!request.store) return;
  const input = answeredInput(run).map((item): StoredItem => ({ item }));
  // Turns are stored as the response counts them, from 0; hydrating makes them unique in the conversation.
  const base = run.conversation.nextTurn;
  const output = run.assembler.output
    .finished()
    .map((stored): StoredItem => ({ ...stored, turn: (stored.turn ?? base) - base }));
  const stored = run.engine.registry.store?.putResponse({
    response,
    items: [...input, ...output],
    previousId: request.previous_response_id,
    responseJson: encodeShell(response, request.include),
    ...(run.assembler.output.broughtIds.length > 0 ? { itemIds: run.assembler.output.broughtIds } : {}),
  });
  if (stored instanceof Promise) await unlessShutDown(stored, run.context.signal);
}

/**
 * Input that `beforeUpstream` refused is not stored; otherwise `previous_response_id` would bring it past the hook. An
 * approval whose call has not begun is not stored either: it stays open and may be sent again.
 */
function answeredInput({ admitted, approved, conversation: { input } }: Run): readonly Item[] {
  if (!admitted) return [];
  if (approved.size === 0) return input;
  return input.filter(
    (item) => item.type !== "mcp_approval_response" || !approved.has(item.approval_request_id),
  );
}

/** A client that leaves ends nothing here: what it has got so far is still stored. */
async function unlessShutDown(storing: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return storing;
  try {
    await untilAborted(storing, signal);
  } catch (error) {
    if (!(error instanceof ClientLeft)) throw error;
    await storing;
  }
}

/** The closed enum of `response.failed`; `context_length_exceeded` passes, since clients act on it. */
export function toResponseError(error: VrError): { code: ResponseErrorCode; message: string } {
  return { code: errorCode(error), message: error.publicMessage };
}

function errorCode(error: VrError): ResponseErrorCode {
  if (error.code === "context_length_exceeded") return error.code as ResponseErrorCode;
  if (error.status === 429) return "rate_limit_exceeded";
  return isVrError(error) && error.status < 500 ? "invalid_prompt" : "server_error";
}
