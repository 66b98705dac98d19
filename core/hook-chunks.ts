import type { Log, Turn } from "./context.ts";
import { isGuardrailStop, PluginError } from "./errors.ts";
import { isThenable, measure, nullError, type Tap, tapFailure } from "./hook-taps.ts";
import type { ModelChunk } from "./protocol/chunk.ts";

type Batch = readonly ModelChunk[];
type ChunkTap = Tap<(chunk: ModelChunk, turn: Turn) => unknown>;

/** Lifts a tap for single chunks over a batch: one dispatch per upstream read, however many chunks it brought. */
export function liftSync(tap: ChunkTap, log: Log): (batch: Batch, turn: Turn) => Batch {
  return (batch, turn) => {
    const start = performance.now();
    let out: ModelChunk[] | undefined;
    try {
      for (let i = 0; i < batch.length; i++) {
        const chunk = batch[i] as ModelChunk;
        let result: unknown;
        try {
          result = tap.fn(chunk, turn);
          if (isThenable(result)) throw asyncError(tap, result);
          if (result === null) throw nullError(tap);
        } catch (error) {
          if (isGuardrailStop(error)) return [...(out ?? batch.slice(0, i)), ...stopWith(error)];
          const failure = tapFailure(tap, log, error);
          if (failure) throw failure;
          result = undefined;
        }
        if (result === undefined) out?.push(chunk);
        else {
          out ??= batch.slice(0, i);
          append(out, result, tap);
        }
      }
      return keepStop(batch, out ?? batch);
    } finally {
      measure(tap, start);
    }
  };
}

/** The same, waiting for each chunk's tap before the next chunk's. */
export function liftAsync(tap: ChunkTap, log: Log): (batch: Batch, turn: Turn) => Promise<Batch> {
  return async (batch, turn) => {
    const start = performance.now();
    const out: ModelChunk[] = [];
    try {
      for (const chunk of batch) {
        let result: unknown;
        try {
          result = await tap.fn(chunk, turn);
          if (result === null) throw nullError(tap);
        } catch (error) {
          if (isGuardrailStop(error)) return [...out, ...stopWith(error)];
          const failure = tapFailure(tap, log, error);
          if (failure) throw failure;
          result = undefined;
        }
        if (result === undefined) out.push(chunk);
        else append(out, result, tap);
      }
      return keepStop(batch, out);
    } finally {
      measure(tap, start);
    }
  };
}

function append(out: ModelChunk[], result: unknown, tap: ChunkTap): void {
  for (const chunk of Array.isArray(result) ? result : [result]) {
    if (!isChunk(chunk))
      throw new PluginError(`plugin "${tap.name}" returned something in onChunk that is no chunk`);
    out.push(chunk);
  }
}

/** As far as what a client reads would be no text. Unknown types are the assembler's to refuse. */
function isChunk(chunk: { type?: unknown; text?: unknown; delta?: unknown } | null | undefined): boolean {
  const type = chunk?.type;
  if (type === "text" || type === "reasoning" || type === "refusal") return typeof chunk?.text === "string";
  return type === "tool_arguments" ? typeof chunk?.delta === "string" : typeof type === "string";
}

function stopWith(stop: { message: string; before: readonly unknown[] }): ModelChunk[] {
  return [...(stop.before as ModelChunk[]), { type: "stop", message: stop.message }];
}

/** The stop of one tap's guardrail stands, whatever later taps make of it. */
function keepStop(batch: Batch, out: Batch): Batch {
  const last = batch.at(-1);
  if (last?.type !== "stop" || out.some((chunk) => chunk.type === "stop")) return out;
  return [...out, last];
}

function asyncError(tap: ChunkTap, promise: PromiseLike<unknown>): PluginError {
  promise.then(undefined, () => {}); // the error below stands for whatever it would have said
  return new PluginError(
    `plugin "${tap.name}" returned a promise in onChunk: make it an async function or pass { async: true }`,
  );
}
