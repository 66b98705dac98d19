import type { MaybePromise } from "../context.ts";
import { UpstreamError } from "../errors.ts";
import type { FinishReason, ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { ModelRequest } from "../protocol/model-request.ts";
import { ask } from "../routing/ask.ts";
import { checkBatch, type Sourced } from "../routing/batch-check.ts";
import { answerOf, type TurnScope } from "../scopes.ts";
import { stepAside } from "../step-aside.ts";
import type { CallsTurn } from "./call-verdict.ts";
import { close } from "./close.ts";
import { showListed } from "./listed.ts";
import type { Run } from "./run.ts";
import { WholeCharacters } from "./whole-characters.ts";

/** How a model call ended: as the model said, or by a guardrail. */
export type TurnEnd = FinishReason | "guardrail";

/**
 * One turn: `beforeUpstream`, then batches of chunks through `onChunk` into the assembler, one emission per batch.
 * They come from the upstream, unless a tap answers instead or the turn holds the approved calls. Calls stay open for
 * their execution.
 */
export async function runTurn(
  run: Run,
  { turn, isLast, approved }: CallsTurn,
  proposed: ModelRequest,
): Promise<TurnEnd> {
  const { hooks } = run.engine;
  turn.request = proposed;
  // Before the hook: the client should get its headers in time even if a plugin is slow.
  if (run.sink.live) run.sequencer.arm();
  const request = (await hooks.beforeUpstream?.(proposed, turn)) ?? proposed;
  if (run.context.large) await stepAside();
  run.admitted = true;
  if (run.unlisted.length > 0) await showListed(run, turn);
  // In the last turn calls do not run: each gets an error as its result, under the name that the model wrote.
  if (!isLast) run.assembler.calls.offer = request;
  const answer = answerOf(request) ?? approved;
  const batches: AsyncIterable<readonly ModelChunk[]> & Sourced = answer
    ? answered(answer)
    : ask(candidatesFor(run, request), request, turn);
  if (answer === approved && approved) run.assembler.calls.approved = run.approved;
  const characters: Characters = { received: new WholeCharacters(), hooked: undefined };
  const iterator = batches[Symbol.asyncIterator]();
  let end: TurnEnd | undefined;
  try {
    while (end === undefined) {
      const lagging = run.sink.ready();
      if (lagging) await lagging;
      if (run.context.signal.aborted) throw run.context.signal.reason;
      const step = await iterator.next();
      if (step?.done) throw new UpstreamError(502, "The upstream's answer ended before it was complete.");
      checkBatch(step?.value, batches);
      run.open();
      const whole = characters.received.mend(step.value, batches.source?.wellFormed === true);
      const taken = takeBatch(run, turn, whole, characters);
      end = taken instanceof Promise ? await taken : taken;
    }
  } finally {
    // After the last chunk as after a stop or an error, the upstream is let go; it may be mid-answer.
    iterator.return?.()?.then(undefined, () => {});
  }
  return end;
}

/**
 * One read's chunks. Returns how the turn ended, if it did: a promise only where a tap has to be awaited, since
 * this runs for every read.
 */
function takeBatch(
  run: Run,
  turn: TurnScope,
  batch: readonly ModelChunk[],
  characters: Characters,
): MaybePromise<TurnEnd | undefined> {
  const hook = run.engine.hooks.onChunk;
  if (!hook || batch.length === 0) return applyChunks(run, turn, batch, 0, []);
  const hooked = hook(batch, turn);
  return hooked instanceof Promise
    ? hooked.then((chunks) => applyChunks(run, turn, afterHook(batch, chunks, characters), 0, []))
    : applyChunks(run, turn, afterHook(batch, hooked, characters), 0, []);
}

/** Surrogate halves left by the upstream, and by the taps after it. */
interface Characters {
  readonly received: WholeCharacters;
  hooked: WholeCharacters | undefined;
}

function afterHook(
  batch: readonly ModelChunk[],
  hooked: readonly ModelChunk[],
  characters: Characters,
): readonly ModelChunk[] {
  const ended = withEnd(batch, hooked);
  if (ended === batch && characters.hooked === undefined) return ended;
  characters.hooked ??= new WholeCharacters();
  return characters.hooked.mend(ended, false);
}

/**
 * The chunks from `start` on; goes on by itself after a tap of `onOutputItem` that had to be awaited. When a
 * presentation throws, what was shown before it still goes out.
 */
function applyChunks(
  run: Run,
  turn: TurnScope,
  chunks: readonly ModelChunk[],
  start: number,
  out: EventDraft[],
): MaybePromise<TurnEnd | undefined> {
  const { assembler } = run;
  try {
    for (let i = start; i < chunks.length; ) {
      const given = chunks[i] as ModelChunk;
      const chunk = assembler.explicit.next(given);
      if (chunk === given) i++;
      if (chunk.type === "finish") return finish(run, turn, chunk.reason, out);
      if (chunk.type === "stop") {
        run.context.log.info({ reason: chunk.message }, "a guardrail ended the response");
        run.emit(out);
        return "guardrail";
      }
      const ending = assembler.apply(chunk, out);
      const closing = ending && close(run, turn, ending, out);
      if (closing instanceof Promise) return closing.then(() => applyChunks(run, turn, chunks, i, out));
    }
  } catch (error) {
    run.emit(out);
    throw error;
  }
  run.emit(out);
  return undefined;
}

async function finish(run: Run, turn: TurnScope, reason: FinishReason, out: EventDraft[]): Promise<TurnEnd> {
  await closeFunctions(run, turn, reason, out);
  run.emit(out);
  return reason;
}

/**
 * A tap may drop chunks, but not the end of the turn; and what a stop cut off may say what the tokens before it
 * have cost.
 */
function withEnd(batch: readonly ModelChunk[], hooked: readonly ModelChunk[]): readonly ModelChunk[] {
  const last = batch.at(-1);
  if (last?.type !== "finish" || hooked === batch) return hooked;
  if (hooked.some((chunk) => chunk.type === "finish")) return hooked;
  const stop = hooked.findIndex((chunk) => chunk.type === "stop");
  if (stop < 0) return [...hooked, last];
  const usage = batch.filter((chunk) => chunk.type === "usage" && !hooked.includes(chunk));
  return [...hooked.slice(0, stop), ...usage, ...hooked.slice(stop)];
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
    assembler.calls.ready(call, out);
    await close(run, turn, assembler.calls.endingOf(call, "completed"), out);
  }
}

/** Whether the model was cut off in the middle of what it was saying. */
export function isCut(end: TurnEnd): boolean {
  return end === "length" || end === "content_filter";
}

/** A tap may have named another model: then the routes decide anew. */
function candidatesFor(run: Run, { model }: ModelRequest) {
  return model === run.model ? run.candidates : run.engine.router.route(model);
}

async function* answered(chunks: readonly ModelChunk[]): AsyncGenerator<readonly ModelChunk[]> {
  const last = chunks.at(-1);
  yield last?.type === "finish" ? chunks : [...chunks, { type: "finish", reason: "stop" }];
}
