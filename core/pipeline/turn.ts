import { answerOf, type TurnScope } from "../context.ts";
import { UpstreamError, VrError } from "../errors.ts";
import type { FinishReason, ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { ModelRequest } from "../protocol/model-request.ts";
import { functionItem } from "../response/open-items.ts";
import { showListed } from "./listed.ts";
import type { Run } from "./run.ts";

/** How a model call ended: as the model said, or by a guardrail. */
export type TurnEnd = FinishReason | "guardrail";

/**
 * One model call: `beforeUpstream`, then the upstream's batches through `onChunk` into the assembler, one
 * emission per batch. Calls are left open for their execution.
 */
export async function runTurn(run: Run, turn: TurnScope, proposed: ModelRequest): Promise<TurnEnd> {
  const { hooks } = run.engine;
  turn.request = proposed;
  const request = (await hooks.beforeUpstream?.(proposed, turn)) ?? proposed;
  if (run.sink.live) run.sequencer.arm();
  if (run.unlisted.length > 0) await showListed(run, turn);
  const answer = answerOf(request);
  const batches = answer ? answered(answer) : upstreamOf(run).stream(request, turn);
  const iterator = batches[Symbol.asyncIterator]();
  let end: TurnEnd | undefined;
  try {
    while (end === undefined) {
      const lagging = run.sink.ready();
      if (lagging) await lagging;
      if (run.context.signal.aborted) throw run.context.signal.reason;
      const step = await iterator.next();
      if (step.done) throw new UpstreamError(502, "The upstream's answer ended before it was complete.");
      run.open();
      end = await takeBatch(run, turn, step.value);
    }
  } finally {
    // After the last chunk as after a stop or an error, the upstream is let go; it may be mid-answer.
    iterator.return?.()?.then(undefined, () => {});
  }
  return end;
}

/** One read's chunks. Resolves to how the turn ended, if it did. */
async function takeBatch(
  run: Run,
  turn: TurnScope,
  batch: readonly ModelChunk[],
): Promise<TurnEnd | undefined> {
  const { assembler } = run;
  const hook = run.engine.hooks.onChunk;
  let chunks = batch;
  if (hook && batch.length > 0) {
    const hooked = hook(batch, turn);
    chunks = withFinish(batch, hooked instanceof Promise ? await hooked : hooked);
  }
  const out: EventDraft[] = [];
  for (const chunk of chunks) {
    if (assembler.texts.endsAt(chunk)) await closeText(run, turn, chunk, out);
    if (chunk.type === "finish") {
      await closeFunctions(run, turn, chunk.reason, out);
      run.emit(out);
      return chunk.reason;
    }
    if (chunk.type === "stop") {
      run.context.log.info({ reason: chunk.message }, "a guardrail ended the response");
      run.emit(out);
      return "guardrail";
    }
    assembler.apply(chunk, out);
  }
  run.emit(out);
  return undefined;
}

/** A tap may drop chunks, but not the end of the turn. */
function withFinish(batch: readonly ModelChunk[], hooked: readonly ModelChunk[]): readonly ModelChunk[] {
  const last = batch.at(-1);
  if (last?.type !== "finish") return hooked;
  const ends = hooked.some((chunk) => chunk.type === "finish" || chunk.type === "stop");
  return ends ? hooked : [...hooked, last];
}

async function closeText(run: Run, turn: TurnScope, next: ModelChunk, out: EventDraft[]): Promise<void> {
  const { assembler } = run;
  const cut = next.type === "stop" || (next.type === "finish" && isCut(next.reason));
  const item = assembler.texts.item(cut ? "incomplete" : "completed");
  if (!item) return;
  const finished = cut || !run.engine.hooks.onOutputItem ? item : await run.finishItem(item, turn, out);
  assembler.texts.close(finished, out);
}

/** At the end of a turn the client's calls are complete; gateway calls stay open until they have run. */
async function closeFunctions(
  run: Run,
  turn: TurnScope,
  reason: FinishReason,
  out: EventDraft[],
): Promise<void> {
  if (isCut(reason)) return;
  const { assembler } = run;
  for (const call of assembler.calls.list) {
    if (call.tool) continue;
    assembler.calls.closeFunction(
      call,
      await run.finishItem(functionItem(call, "completed"), turn, out),
      out,
    );
  }
}

/** Whether the model was cut off in the middle of what it was saying. */
export function isCut(end: TurnEnd): boolean {
  return end === "length" || end === "content_filter";
}

function upstreamOf(run: Run) {
  const upstream = run.engine.registry.upstreams[0];
  if (!upstream)
    throw new VrError(503, "server_error", "No upstream is configured.", { code: "no_upstream" });
  return upstream;
}

async function* answered(chunks: readonly ModelChunk[]): AsyncGenerator<readonly ModelChunk[]> {
  const last = chunks.at(-1);
  yield last?.type === "finish" ? chunks : [...chunks, { type: "finish", reason: "stop" }];
}
