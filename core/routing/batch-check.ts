import { PluginError, UpstreamError, type VrError } from "../errors.ts";
import { blame } from "../failure.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import { chunkProblem } from "../protocol/chunk-problem.ts";

/** The source of batches, as errors name it: an upstream and the plugin that added it. */
export interface BatchSource {
  readonly upstream: string;
  readonly plugin: string;
  /** What the upstream declares. */
  readonly wellFormed?: boolean | undefined;
}

/** A call that knows the source of its batches. */
export interface Sourced {
  readonly source?: BatchSource | undefined;
}

/**
 * Checks what an upstream yields, since not every plugin is typed: an invalid chunk would be lost, or crash code that
 * is not to blame. It runs for every read and costs next to nothing for a batch of text.
 * @throws PluginError that names the plugin; UpstreamError when an item is wrong, since that is mostly the server's
 * fault
 */
export function checkBatch(batch: unknown, call: Sourced): void {
  if (!Array.isArray(batch)) throw noBatch(batch, call.source);
  for (let i = 0; i < batch.length; i++) {
    if (isWords(batch[i])) continue;
    const problem = chunkProblem(batch[i]);
    if (problem !== undefined) throw noChunk(batch[i], problem, call.source);
  }
}

/** A fast check for the most frequent chunks. */
function isWords(chunk: ModelChunk | null | undefined): boolean {
  if (chunk?.type === "text") return typeof chunk.text === "string" && chunk.logprobs === undefined;
  if (chunk?.type === "reasoning") return typeof chunk.text === "string";
  return chunk?.type === "tool_arguments" && typeof chunk.delta === "string" && Number.isInteger(chunk.index);
}

/** @throws PluginError, also for a promise of an iterable: `async stream()` in place of `async *stream()` */
export function iterateBatches<T>(batches: AsyncIterable<T>, source: BatchSource): AsyncIterator<T> {
  const iterate = (batches as Partial<AsyncIterable<T>> | null | undefined)?.[Symbol.asyncIterator];
  if (typeof iterate === "function") return iterate.call(batches);
  throw failure(source, "its stream() returns no async iterable: write it as `async *stream()`");
}

/** The error for a read that is not an iterator result, or for a `yield` that is not a batch. */
function noBatch(value: unknown, source: BatchSource | undefined): VrError {
  const isChunk = chunkProblem(value) === undefined;
  const what = isChunk ? "a chunk by itself" : value === null ? "null" : `a value of type "${typeof value}"`;
  return failure(source, `it yielded ${what} instead of a batch: yield a list of chunks`);
}

function noChunk(chunk: unknown, problem: string, source: BatchSource | undefined): VrError {
  const isItems = typeof chunk === "object" && chunk !== null && "item" in chunk;
  if (!isItems) return failure(source, `it yielded something that is not a chunk: ${problem}`);
  const { upstream, plugin } = source ?? UNKNOWN;
  return blame(new UpstreamError(502, `Upstream "${upstream}" gave a wrong item: ${problem}.`), plugin);
}

function failure(source: BatchSource | undefined, what: string): VrError {
  const { upstream, plugin } = source ?? UNKNOWN;
  return blame(new PluginError(`plugin "${plugin}" failed as the upstream "${upstream}": ${what}`), plugin);
}

const UNKNOWN: BatchSource = { upstream: "?", plugin: "?" };
