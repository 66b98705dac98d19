import type { Dispatcher, Pool } from "undici";
import { type ModelChunk, type ModelRequest, UpstreamError } from "../../core/index.ts";
import { Answer, type Headers } from "./answer.ts";
import { Deadline, type DeadlineOwner, type Wait } from "./deadline.ts";
import type { Dialect, Refusal } from "./dialect.ts";
import { judge } from "./failed-attempt.ts";
import { type Batch, Mailbox, type Sender } from "./mailbox.ts";
import { toNetworkError, toTimeout } from "./network-error.ts";
import type { ServerSettings } from "./settings.ts";

/** With this many bytes waiting for a slow consumer, reading from the server pauses. */
const HIGH_WATER_BYTES = 65_536;
/** Most bytes read of an error's body. */
const MAX_ERROR_BYTES = 65_536;
/** After `[DONE]`, milliseconds in which the server must end its answer for the connection to be reused. */
const LINGER_MS = 1_000;
/** After a `finish_reason`, milliseconds to wait for usage and `[DONE]`. Without them the answer counts as it is. */
const DONE_MS = 3_000;
/** A server may refuse several things, one after the other. After this many changes, its refusal is final. */
const MAX_AMENDMENTS = 4;

export interface CallRequest {
  path: string;
  headers: string[];
  body: string;
  asked: ModelRequest;
  signal: AbortSignal;
  /** What to send instead of a body that was refused. `undefined`: the refusal is final. */
  amend(body: string, refusal: Refusal): string | undefined;
  /** Removed from every error. */
  secrets: readonly string[];
}

/**
 * One call of a model: sends the request, with retries, and iterates over what each read brings. It handles undici's
 * events itself, since they run for every read and a body stream in between would cost more.
 */
export class ModelCall
  implements Dispatcher.DispatchHandler, AsyncIterableIterator<Batch>, Sender, DeadlineOwner
{
  readonly #pool: Pool;
  readonly #settings: ServerSettings;
  readonly #dialect: Dialect;
  readonly #request: CallRequest;
  readonly #mailbox = new Mailbox(this);
  readonly #deadline = new Deadline(this);
  #attempt = 0;
  /** The body that is sent. Refusals may change it. */
  #body: string;
  #amendments = 0;
  /** The answer to this attempt. The controller is also this attempt's. */
  #answer: Answer;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(pool: Pool, settings: ServerSettings, dialect: Dialect, request: CallRequest) {
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

  /** Called when the consumer wants nothing more. */
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

  /** The consumer waits, so the limit for the server's silence starts. A slow consumer is not the server's fault. */
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
      // The server keeps the stream open after a complete answer: nothing more is expected.
      this.#answer.complete = true;
      this.#mailbox.notify();
      this.#deadline.start("end", 0); // after the rest is handed over
    } else if (wait === "answer" || this.#mailbox.awaited) this.#fail(toTimeout(wait, this.#settings));
  }

  #send(): void {
    const { path, headers } = this.#request;
    const body = this.#body;
    this.#deadline.start("answer", this.#settings.firstByteTimeoutMs);
    // `Deadline` keeps the time limits: undici has none for the time between headers and body.
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

  /** Changes the body if the server refused something that the request can do without. Returns whether it did. */
  #amend(): boolean {
    const { status, refused, complete } = this.#answer;
    if (!refused || !complete || this.#amendments === MAX_AMENDMENTS) return false;
    const amended = this.#request.amend(this.#body, { status, said: this.#answer.peekText() });
    if (amended === undefined) return false;
    this.#amendments += 1;
    this.#body = amended;
    return true;
  }

  /** Hands over what has come so far, then throws the error. Closes the connection. */
  #fail(error: unknown): void {
    this.#mailbox.fail(error);
    this.#release();
    this.#deadline.stop();
    if (!this.#answer.complete) this.#disconnect();
  }

  /** Hands over nothing more, and throws the error if there is one. Closes the connection. */
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
