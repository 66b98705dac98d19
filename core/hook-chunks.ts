import type { Log, Turn } from "./context.ts";
import { type GuardrailStop, isGuardrailStop, PluginError } from "./errors.ts";
import { isThenable, measure, nullError, type Tap, type TapWatch, tapFailure } from "./hook-taps.ts";
import { turnFor } from "./plugin-views.ts";
import type { ModelChunk } from "./protocol/chunk.ts";
import { chunkProblem } from "./protocol/chunk-problem.ts";
import { deepFreeze } from "./protocol/streamed.ts";

type Batch = readonly ModelChunk[];
type ChunkTap = Tap<(chunk: ModelChunk, turn: Turn) => unknown>;

/** Turns a tap for single chunks into one for a batch, so that each upstream read is dispatched once. */
export function liftSync(tap: ChunkTap, { log }: TapWatch): (batch: Batch, turn: Turn) => Batch {
  return (batch, wholeTurn) => {
    const start = performance.now();
    const turn = turnFor(tap.plugin, wholeTurn);
    let out: ModelChunk[] | undefined;
    try {
      for (let i = 0; i < batch.length; i++) {
        const chunk = batch[i] as ModelChunk;
        let result: unknown;
        try {
          result = tap.fn(chunk, turn);
          if (isThenable(result)) throw asyncError(tap, result);
          if (result !== undefined && result !== chunk) checkReturned(tap, result, chunk);
        } catch (error) {
          if (isGuardrailStop(error)) return [...(out ?? batch.slice(0, i)), ...stopWith(tap, log, error)];
          const failure = tapFailure(tap, log, error);
          if (failure) throw failure;
          result = undefined;
        }
        if (result === undefined || result === chunk) out?.push(chunk);
        else {
          out ??= batch.slice(0, i);
          append(out, result);
        }
      }
      return keepStop(batch, out ?? batch);
    } finally {
      measure(tap, start);
    }
  };
}

/** The same for an asynchronous tap. It waits for each chunk before the next. */
export function liftAsync(
  tap: ChunkTap,
  { log, clock }: TapWatch,
): (batch: Batch, turn: Turn) => Promise<Batch> {
  return async (batch, wholeTurn) => {
    const start = performance.now();
    const turn = turnFor(tap.plugin, wholeTurn);
    const out: ModelChunk[] = [];
    try {
      for (const chunk of batch) {
        let result: unknown;
        try {
          const said = tap.fn(chunk, turn);
          result = isThenable(said) ? await clock.hold(said) : said;
          if (result !== undefined && result !== chunk) checkReturned(tap, result, chunk);
        } catch (error) {
          if (isGuardrailStop(error)) return [...out, ...stopWith(tap, log, error)];
          const failure = tapFailure(tap, log, error);
          if (failure) throw failure;
          result = undefined;
        }
        append(out, result ?? chunk);
      }
      return keepStop(batch, out);
    } finally {
      measure(tap, start);
    }
  };
}

function append(out: ModelChunk[], result: unknown): void {
  if (Array.isArray(result)) for (const chunk of result) out.push(chunk);
  else out.push(result as ModelChunk);
}

/**
 * Freezes what a tap created, since the tap may return the same object for every response, and a later tap's change
 * would show in the next response. The chunk that the tap received belongs to this response and is not frozen.
 * @throws PluginError if it is not a chunk
 */
function checkReturned(tap: ChunkTap, result: unknown, given: ModelChunk): void {
  if (result === null) throw nullError(tap);
  for (const chunk of Array.isArray(result) ? result : [result]) {
    if (chunk === given) continue;
    const problem = chunkProblem(chunk);
    if (problem)
      throw new PluginError(
        `plugin "${tap.name}" returned something in onChunk that is not a chunk: ${problem}`,
      );
    freeze(chunk);
  }
}

/** Freezes a chunk. Most chunks hold only text and numbers. */
function freeze(chunk: ModelChunk): void {
  const { type } = chunk;
  const isFlat = (type === "text" && !chunk.logprobs) || type === "tool_arguments" || type === "reasoning";
  if (isFlat) Object.freeze(chunk);
  else deepFreeze(chunk);
}

/** A stop takes effect even if one of its `before` is not a chunk. */
function stopWith(tap: ChunkTap, log: Log, stop: GuardrailStop): ModelChunk[] {
  const before: ModelChunk[] = [];
  for (const chunk of stop.before) {
    const problem = chunkProblem(chunk);
    if (problem)
      log.error(
        { plugin: tap.name, hook: tap.hook, problem },
        "a GuardrailStop has something in `before` that is not a chunk",
      );
    else before.push(chunk as ModelChunk);
  }
  return [...before, { type: "stop", message: stop.message }];
}

/** Keeps the stop of one tap, whatever later taps return. */
function keepStop(batch: Batch, out: Batch): Batch {
  const last = batch.at(-1);
  if (last?.type !== "stop" || out.some((chunk) => chunk.type === "stop")) return out;
  return [...out, last];
}

function asyncError(tap: ChunkTap, promise: PromiseLike<unknown>): PluginError {
  promise.then(undefined, () => {}); // the error below is reported instead
  return new PluginError(
    `plugin "${tap.name}" returned a promise in onChunk: make it an async function or pass { async: true }`,
  );
}
