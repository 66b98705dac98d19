import type { Dispatcher, Pool } from "undici";
import { type ModelChunk, type ModelRequest, UpstreamError } from "../../core/index.ts";
import { Answer, type Headers } from "./answer.ts";
import { Deadline, type Wait, type Waiting } from "./deadline.ts";
import type { Dialect, Refusal } from "./dialect.ts";
import { judge } from "./failed-attempt.ts";
import { type Batch, Mailbox, type Sender } from "./mailbox.ts";
import { toNetworkError, toTimeout } from "./network-error.ts";
import type { Settings } from "./settings.ts";

/** Bytes that may wait for a slow consumer before the server is made to wait. */
const HIGH_WATER_BYTES = 65_536;
/** Of a body that says what went wrong. */
const MAX_ERROR_BYTES = 65_536;
/** After `[DONE]`, how long the server may take to end its answer so that the connection can be used again. */
const LINGER_MS = 1_000;
/** After a `finish_reason`, how long usage and `[DONE]` may take before the answer is taken as it is. */
const DONE_MS = 3_000;
/** More than one thing may be refused, one after the other; a server that always finds something is believed. */
const MAX_AMENDMENTS = 4;

export interface CallRequest {
  path: string;
  headers: string[];
  body: string;
  asked: ModelRequest;
  signal: AbortSignal;
  /** What to ask instead of a body that was refused; `undefined` where the refusal stands. */
  amend(body: string, refusal: Refusal): string | undefined;
  /** Never to be seen in an error. */
  secrets: readonly string[];
}

/**
 * One call of the model: sends the request, again if need be, and iterates over what each read brings. It is
 * the handler of undici's events, which run for every read: a body stream between them would cost more.
 */
export class ModelCall implements Dispatcher.DispatchHandler, AsyncIterableIterator<Batch>, Sender, Waiting {
  readonly #pool: Pool;
  readonly #settings: Settings;
  readonly #dialect: Dialect;
  readonly #request: CallRequest;
  readonly #mailbox = new Mailbox(this);
  readonly #deadline = new Deadline(this);
  #attempt = 0;
  /** What is sent: not always what was to be. */
  #body: string;
  #amendments = 0;
  /** Of this attempt, as the controller is. */
  #answer: Answer;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(pool: Pool, settings: Settings, dialect: Dialect, request: CallRequest) {
    this.#pool = pool;
    this.#settings = settings;
    this.#dialect = dialect;
    this.#request = request;
    this.#body = request.body;
    this.#answer = new Answer(dialect, request.asked, request.secrets);
    if (request.signal.aborted) this.#onAbort();
    else {
      request.signal.addEventListener("abort", this.#onAbort);
      this.#send();
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Batch>> {
    const next = this.#mailbox.next();
    if (this.#controller?.paused) this.#controller.resume();
    return next;
  }

  /** The consumer wants no more. */
  return(): Promise<IteratorResult<Batch>> {
    if (!this.#mailbox.closed) this.#stop(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  collect(batch: ModelChunk[]): void {
    try {
      const isWhole = this.#answer.read(batch);
      if (this.#answer.begun) this.#mailbox.begin();
      if (!isWhole) return;
    } catch (error) {
      this.#stop(error);
      return;
    }
    this.#mailbox.end();
    this.#release();
    if (!this.#answer.complete) this.#deadline.start("end", LINGER_MS);
  }

  /** The consumer waits, and so the server's silence counts. A consumer that is behind stops no one. */
  starved(): void {
    const { bytes, finished } = this.#answer;
    if (finished) this.#deadline.extend("done", DONE_MS);
    else if (bytes > 0) this.#deadline.extend("read", this.#settings.idleTimeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#mailbox.closed) this.#disconnect();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200 || this.#mailbox.closed) return;
    this.#answer.start(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, fragment: Buffer): void {
    const answer = this.#answer;
    if (this.#mailbox.closed) return;
    if (answer.bytes === 0) this.#deadline.stop();
    answer.add(fragment);
    if (answer.bytes > this.#settings.maxResponseBytes) {
      const { maxResponseBytes } = this.#settings;
      this.#stop(new UpstreamError(502, `the model server's answer exceeds ${maxResponseBytes} bytes`));
      return;
    }
    if (this.#mailbox.awaited) this.#mailbox.notify();
    else if (answer.streamed && answer.waitingBytes >= HIGH_WATER_BYTES && !controller.paused)
      controller.pause();
    if (answer.refused && answer.bytes > MAX_ERROR_BYTES) this.#failed();
  }

  onResponseEnd(): void {
    this.#answer.complete = true;
    this.#deadline.stop();
    if (this.#mailbox.closed) return;
    if (this.#answer.refused) this.#failed();
    else {
      this.#release();
      this.#mailbox.notify();
    }
  }

  onResponseError(_: unknown, error: Error): void {
    this.#deadline.stop();
    if (this.#mailbox.closed) return;
    if (!this.#answer.streamed || this.#answer.bytes === 0) {
      this.#failed(error);
      return;
    }
    this.#answer.breakOff(toNetworkError(error, true));
    this.#release();
    this.#mailbox.notify();
  }

  late(wait: Wait): void {
    if (wait === "retry") this.#send();
    else if (wait === "end") this.#disconnect();
    else if (wait === "done") {
      // A server that keeps the stream open after a whole answer: what it did not say, it will not.
      this.#answer.complete = true;
      this.#mailbox.notify();
      this.#deadline.start("end", 0); // not before the rest is handed over
    } else if (wait === "answer" || this.#mailbox.awaited) this.#fail(toTimeout(wait, this.#settings));
  }

  #send(): void {
    const { path, headers } = this.#request;
    const body = this.#body;
    this.#deadline.start("answer", this.#settings.firstByteTimeoutMs);
    // Timeouts are the deadline's: undici has none for the time between headers and body.
    this.#pool.dispatch({ method: "POST", path, headers, body, headersTimeout: 0, bodyTimeout: 0 }, this);
  }

  #failed(broken?: Error): void {
    if (this.#amend()) {
      this.#again();
      this.#send();
      return;
    }
    const verdict = judge(this.#answer, this.#attempt, this.#settings, this.#request.secrets, broken);
    if (verdict.kind === "final") {
      this.#fail(verdict.error);
      return;
    }
    this.#attempt += 1;
    this.#again();
    this.#deadline.start("retry", verdict.afterMs);
  }

  #again(): void {
    this.#controller = undefined;
    this.#answer = new Answer(this.#dialect, this.#request.asked, this.#request.secrets);
  }

  /** Whether the server refused something that the request can do without. */
  #amend(): boolean {
    const { status, refused, complete } = this.#answer;
    if (!refused || !complete || this.#amendments === MAX_AMENDMENTS) return false;
    const amended = this.#request.amend(this.#body, { status, said: this.#answer.peekText() });
    if (amended === undefined) return false;
    this.#amendments += 1;
    this.#body = amended;
    return true;
  }

  /** What has come so far is still handed over, then the error. Closes the connection. */
  #fail(error: unknown): void {
    this.#mailbox.fail(error);
    this.#release();
    this.#deadline.stop();
    if (!this.#answer.complete) this.#disconnect();
  }

  /** Nothing more is handed over, but the error if there is one. Closes the connection. */
  #stop(error: unknown): void {
    this.#mailbox.end();
    this.#fail(error);
  }

  readonly #onAbort = (): void => this.#stop(this.#request.signal.reason);

  #release(): void {
    this.#request.signal.removeEventListener("abort", this.#onAbort);
  }

  #disconnect(): void {
    this.#controller?.abort(new Error("aborted"));
  }
}
