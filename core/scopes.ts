import type { Caller, EndContext, Failure, Log, Turn } from "./context.ts";
import type { ModelChunk } from "./protocol/chunk.ts";
import { chunkProblem } from "./protocol/chunk-problem.ts";
import type { StoredItem } from "./protocol/items.ts";
import type { ModelRequest } from "./protocol/model-request.ts";
import type { ResponseRequest } from "./protocol/request.ts";
import { deepFreeze } from "./protocol/streamed.ts";

/** What plugins keep for a response or a turn, by key. */
class State {
  readonly #values = new Map<string | symbol, unknown>();

  get<T>(key: string | symbol, init: () => T): T {
    if (this.#values.has(key)) return this.#values.get(key) as T;
    const value = init();
    this.#values.set(key, value);
    return value;
  }
}

/**
 * Marks a request made by `turn.answer`, and holds its chunks. It is a property, which copies keep, so a later tap's
 * `{ ...request, temperature: 0 }` cannot undo a guardrail's answer.
 */
const ANSWER = Symbol("answer");

/** The chunks given to `turn.answer`, if this request came from it. */
export function answerOf(request: ModelRequest): readonly ModelChunk[] | undefined {
  return (request as { [ANSWER]?: readonly ModelChunk[] })[ANSWER];
}

/** Most warnings of one response. A header holds fewer. */
const MOST_WARNINGS = 100;

/** A response in progress. `Asked` is `undefined` if its request was refused unread. */
export class ResponseScope<Asked extends ResponseRequest | undefined = ResponseRequest>
  implements EndContext
{
  readonly id: string;
  readonly request: Asked;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly startedAt: number;
  httpStatus = 200;
  failure: Failure | undefined;
  history: readonly StoredItem[] = [];
  turns = 0;
  /** Whether the request is so large that others run between its steps (see `stepAside`). */
  large = false;
  readonly warnings: string[] = [];
  /** The views that single plugins get, by their names. */
  views: Map<string, EndContext> | undefined;
  readonly #parentLog: Log;
  /** The start by the monotonic clock. */
  readonly #begunAt: number;
  #log: Log | undefined;
  #state: State | undefined;

  constructor(
    id: string,
    request: Asked,
    caller: Caller,
    signal: AbortSignal,
    log: Log,
    startedAt = Date.now(),
  ) {
    this.id = id;
    this.request = request;
    this.caller = caller;
    this.signal = signal;
    this.startedAt = startedAt;
    this.#begunAt = performance.now() - (Date.now() - startedAt);
    this.#parentLog = log;
  }

  get elapsedMs(): number {
    return performance.now() - this.#begunAt;
  }

  get log(): Log {
    this.#log ??= this.#parentLog.child({ response: this.id });
    return this.#log;
  }

  warn(message: string): void {
    if (this.warnings.length === MOST_WARNINGS) return;
    this.warnings.push(message);
    this.log.warn({}, message);
  }

  state<T>(key: string | symbol, init: () => T): T {
    this.#state ??= new State();
    return this.#state.get(key, init);
  }
}

/** A turn in progress. */
export class TurnScope implements Turn {
  readonly index: number;
  readonly response: ResponseScope;
  #state: State | undefined;
  /** The request of this turn while `beforeUpstream` runs; `answer` copies it. */
  request: ModelRequest | undefined;
  /** The views that single plugins get, by their names. */
  views: Map<string, Turn> | undefined;

  constructor(index: number, response: ResponseScope) {
    this.index = index;
    this.response = response;
  }

  get signal(): AbortSignal {
    return this.response.signal;
  }

  get log(): Log {
    return this.response.log;
  }

  state<T>(key: string | symbol, init: () => T): T {
    this.#state ??= new State();
    return this.#state.get(key, init);
  }

  answer(chunks: readonly ModelChunk[]): ModelRequest {
    if (!Array.isArray(chunks)) throw new TypeError("turn.answer takes a list of chunks");
    for (const [i, chunk] of chunks.entries()) {
      const problem = chunkProblem(chunk);
      if (problem) throw new TypeError(`turn.answer: chunks[${i}] is not a chunk: ${problem}`);
    }
    return { ...(this.request as ModelRequest), [ANSWER]: deepFreeze(chunks) } as ModelRequest;
  }
}
