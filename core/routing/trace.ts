import type { Log } from "../context.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import type { ModelRequest } from "../protocol/model-request.ts";
import { withoutSecrets } from "../secrets.ts";
import { type BatchSource, checkBatch, iterateBatches, type Sourced } from "./batch-check.ts";

type Batch = readonly ModelChunk[];

/** Logs model calls at the level `debug`. */
export interface TraceOptions {
  /** Whether to log whole requests and answers, with secrets removed. They hold what clients and models wrote. */
  readonly bodies: boolean;
}

/** Most characters of a body in a log line. */
const MOST_CHARS = 100_000;

const DONE = { done: true, value: undefined } as const;

/** Logs one model call: the request at its start, the answer at its end. Its reads pass through unchanged. */
export class TracedCall implements AsyncIterableIterator<Batch>, Sourced {
  readonly source: BatchSource;
  readonly #source: AsyncIterator<Batch>;
  readonly #log: Log;
  readonly #fields: object;
  readonly #bodies: boolean;
  readonly #start = performance.now();
  readonly #counts: Record<string, number> = {};
  readonly #answer: ModelChunk[] = [];
  #kept = 0;
  #hasReported = false;

  constructor(
    batches: AsyncIterable<Batch>,
    request: ModelRequest,
    to: { log: Log; source: BatchSource; turn: number },
    { bodies }: TraceOptions,
  ) {
    const { log, source, turn } = to;
    const { upstream } = source;
    const { model, items, tools, stream } = request;
    this.#log = log;
    this.#bodies = bodies;
    this.#fields = { upstream, model, turn };
    const asked = { ...this.#fields, stream, items: items.length, tools: tools.length };
    log.debug(bodies ? { ...asked, request: bodyOf(request) } : asked, "the model is asked");
    this.source = source;
    this.#source = iterateBatches(batches, source);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Batch>> {
    try {
      const step = await this.#source.next();
      if (step?.done) this.#tell({});
      else {
        checkBatch(step?.value, this);
        this.#hear(step.value);
      }
      return step;
    } catch (error) {
      this.#tell({ err: error });
      throw error;
    }
  }

  return(): Promise<IteratorResult<Batch>> {
    this.#tell({});
    return this.#source.return?.() ?? Promise.resolve(DONE);
  }

  #hear(batch: Batch): void {
    for (const chunk of batch) {
      this.#counts[chunk.type] = (this.#counts[chunk.type] ?? 0) + 1;
      if (!this.#bodies || this.#kept > MOST_CHARS) continue;
      this.#kept += "text" in chunk ? chunk.text.length : "delta" in chunk ? chunk.delta.length : 0;
      append(this.#answer, chunk);
    }
  }

  #tell(more: object): void {
    if (this.#hasReported) return;
    this.#hasReported = true;
    const ms = Math.round(performance.now() - this.#start);
    const fields = { ...this.#fields, ms, chunks: this.#counts, ...more };
    const all = this.#bodies ? { ...fields, answer: bodyOf(this.#answer) } : fields;
    this.#log.debug(all, "err" in more ? "the model failed" : "the model has answered");
  }
}

/** Joins text that came in pieces. */
function append(said: ModelChunk[], chunk: ModelChunk): void {
  const last = said.at(-1);
  if (last?.type === "tool_arguments" && chunk.type === "tool_arguments" && last.index === chunk.index)
    said[said.length - 1] = { ...last, delta: last.delta + chunk.delta };
  else if (last?.type === chunk.type && "text" in last && "text" in chunk)
    said[said.length - 1] = { ...last, text: last.text + chunk.text };
  else said.push(chunk);
}

function bodyOf(value: unknown): string {
  const text = withoutSecrets(value);
  return text.length <= MOST_CHARS
    ? text
    : `${text.slice(0, MOST_CHARS)}… (${text.length - MOST_CHARS} more characters)`;
}
