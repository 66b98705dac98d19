import type { ResponseContext, Turn } from "../context.ts";
import { UpstreamError } from "../errors.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import type { ModelRequest } from "../protocol/model-request.ts";
import type { Candidate } from "../upstream.ts";
import type { BatchSource, Sourced } from "./batch-check.ts";
import { warnOfIgnored } from "./extra.ts";
import { firstOf } from "./fallback.ts";

type Batch = readonly ModelChunk[];

const DONE = { done: true, value: undefined } as const;

/** The candidate that answered the last turn of a response. */
const ANSWERED = Symbol("answered");

/**
 * The model of a response, and the candidates that may answer. If the request names no model, it is the default of the
 * first candidate that can tell it. Candidates before that one have failed and are left out.
 * @throws UpstreamError if none can tell it
 */
export async function nameModel(
  candidates: readonly Candidate[],
  context: ResponseContext,
): Promise<{ model: string; candidates: readonly Candidate[] }> {
  return firstOf(candidates, context, async (candidate) => {
    const model = candidate.model ?? (await candidate.upstream.defaultModel(context.signal));
    const others = candidates.slice(candidates.indexOf(candidate) + 1);
    return { model, candidates: [{ ...candidate, model }, ...others] };
  });
}

/** The answer of the first candidate that takes the request. */
export function ask(
  candidates: readonly Candidate[],
  request: ModelRequest,
  turn: Turn,
): AsyncIterable<Batch> & Sourced {
  const [only] = candidates;
  if (!only || only.model === undefined || candidates.length > 1)
    return new RoutedCall(candidates, request, turn);
  warnOfIgnored(request, only.upstream, turn);
  return only.upstream.stream(named(request, only.model), turn);
}

/**
 * Asks one candidate after the other until one gives its first batch. From then on its reads are passed on unchanged.
 * Later turns of a response begin with the candidate that answered before, since its cache has the conversation.
 */
class RoutedCall implements AsyncIterableIterator<Batch>, Sourced {
  readonly #candidates: readonly Candidate[];
  readonly #request: ModelRequest;
  readonly #turn: Turn;
  #call: (AsyncIterator<Batch> & Sourced) | undefined;
  #answered = false;
  #left = false;

  constructor(candidates: readonly Candidate[], request: ModelRequest, turn: Turn) {
    this.#candidates = candidates;
    this.#request = request;
    this.#turn = turn;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get source(): BatchSource | undefined {
    return this.#call?.source;
  }

  next(): Promise<IteratorResult<Batch>> {
    return this.#call && this.#answered ? this.#call.next() : this.#first();
  }

  return(): Promise<IteratorResult<Batch>> {
    this.#left = true;
    return this.#call?.return?.() ?? Promise.resolve(DONE);
  }

  #first(): Promise<IteratorResult<Batch>> {
    const { response } = this.#turn;
    const before = response.state<{ candidate?: Candidate }>(ANSWERED, () => ({}));
    return firstOf(startingWith(before.candidate, this.#candidates), response, async (candidate) => {
      const step = await this.#ask(candidate);
      warnOfIgnored(this.#request, candidate.upstream, this.#turn);
      before.candidate = candidate;
      return step;
    });
  }

  async #ask({ upstream, model }: Candidate): Promise<IteratorResult<Batch>> {
    const name = model ?? (await upstream.defaultModel(this.#turn.signal));
    if (this.#left) return DONE;
    const call = upstream.stream(named(this.#request, name), this.#turn)[Symbol.asyncIterator]();
    this.#call = call;
    try {
      const step = await call.next();
      if (step.done && !this.#left)
        throw new UpstreamError(502, "The upstream's answer ended before it was complete.");
      this.#answered = true;
      return step;
    } catch (error) {
      call.return?.()?.then(undefined, () => {});
      throw error;
    }
  }
}

function named(request: ModelRequest, model: string): ModelRequest {
  return request.model === model ? request : { ...request, model };
}

function startingWith(last: Candidate | undefined, candidates: readonly Candidate[]): readonly Candidate[] {
  const again = candidates.find(({ upstream, model }) => upstream === last?.upstream && model === last.model);
  return again ? [again, ...candidates.filter((candidate) => candidate !== again)] : candidates;
}
