import type { Dispatcher, Pool } from "undici";
import { type ModelChunk, UpstreamError } from "../../core/index.ts";
import { ChatReader, toHttpError } from "../dialect-chat/index.ts";
import { isUnreachable, toNetworkError } from "./network-error.ts";
import type { Settings } from "./options.ts";
import { retryDelay } from "./retry.ts";
import { fromWholeBody } from "./whole-body.ts";

type Batch = readonly ModelChunk[];
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

/** Bytes that may wait for a slow consumer before the server is made to wait. */
const HIGH_WATER_BYTES = 65_536;
/** Of a body that says what went wrong. */
const MAX_ERROR_BYTES = 65_536;
/** After `[DONE]`, how long the server may take to end its answer so that the connection can be used again. */
const LINGER_MS = 1_000;

const NOW = Promise.resolve();
const END: IteratorResult<Batch> = { done: true, value: undefined };

export interface CallRequest {
  path: string;
  headers: string[];
  body: string;
  stream: boolean;
  signal: AbortSignal;
  /** Never to be seen in an error. */
  secrets: readonly string[];
}

/**
 * One call of the model: sends the request, again if need be, and iterates over what each read brings. It is
 * the handler of undici's events and the iterator in one, since both run for every read: fragments are
 * collected while the event runs, and one microtask hands them over together.
 */
export class ChatCall implements Dispatcher.DispatchHandler, AsyncIterableIterator<Batch> {
  readonly #pool: Pool;
  readonly #settings: Settings;
  readonly #request: CallRequest;
  #controller: Dispatcher.DispatchController | undefined;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * "asking": no 2xx headers yet; "streaming": events are read as they come; "whole": the body is read at
   * its end; "taken": all that there is has been made into chunks.
   */
  #phase: "asking" | "streaming" | "whole" | "taken" = "asking";
  #status = 0;
  #headers: Headers = {};
  #reader: ChatReader | undefined;
  #fragments: Buffer[] = [];
  /** Of `#fragments`. */
  #waitingBytes = 0;
  /** Of the body so far. */
  #bytes = 0;
  /** The 2xx headers are here, and no batch has said so yet. */
  #accepted = false;
  /** The server has said all. */
  #complete = false;
  /** Thrown once the consumer has had what came before it. */
  #error: unknown;

  /** The consumer's `next()` that waits. */
  #resolve: ((result: IteratorResult<Batch>) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #scheduled = false;

  constructor(pool: Pool, settings: Settings, request: CallRequest) {
    this.#pool = pool;
    this.#settings = settings;
    this.#request = request;
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
    return new Promise(this.#wait);
  }

  /** The consumer wants no more. */
  return(): Promise<IteratorResult<Batch>> {
    if (this.#phase !== "taken") this.#stop(undefined);
    return Promise.resolve(END);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#phase === "taken" || this.#error !== undefined) controller.abort(new Error("aborted"));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200 || this.#phase !== "asking") return;
    this.#status = status;
    this.#headers = headers;
    if (status >= 300) return;
    this.#accepted = true;
    if (this.#request.stream && !/json|html/.test(this.#header("content-type") ?? "")) {
      this.#phase = "streaming";
      const { quirks, maxEventBytes } = this.#settings;
      this.#reader = new ChatReader(quirks, { maxEventBytes, secrets: this.#request.secrets });
    } else this.#phase = "whole";
    this.#schedule();
  }

  onResponseData(controller: Dispatcher.DispatchController, fragment: Buffer): void {
    if (this.#phase === "taken") return;
    if (this.#bytes === 0) this.#stopTimer();
    this.#bytes += fragment.length;
    if (this.#bytes > this.#settings.maxResponseBytes) {
      const { maxResponseBytes } = this.#settings;
      this.#stop(new UpstreamError(502, `the model server's answer exceeds ${maxResponseBytes} bytes`));
      return;
    }
    this.#fragments.push(fragment);
    this.#waitingBytes += fragment.length;
    if (this.#resolve) this.#schedule();
    else if (this.#phase === "streaming" && this.#waitingBytes >= HIGH_WATER_BYTES && !controller.paused)
      controller.pause();
    if (this.#phase === "asking" && this.#bytes > MAX_ERROR_BYTES) this.#refused();
  }

  onResponseEnd(): void {
    this.#complete = true;
    this.#stopTimer();
    if (this.#phase === "asking") this.#refused();
    else if (this.#phase !== "taken") {
      this.#release();
      this.#schedule();
    }
  }

  onResponseError(_: unknown, error: Error): void {
    this.#stopTimer();
    if (this.#phase === "taken" || this.#error !== undefined) return;
    this.#complete = true;
    if (this.#status >= 300) {
      this.#refused();
      return;
    }
    const delay = this.#status === 0 && isUnreachable(error) ? this.#retryDelay() : undefined;
    if (delay !== undefined) this.#sendAfter(delay);
    else this.#fail(toNetworkError(error, this.#status !== 0));
  }

  #send(): void {
    const { path, headers, body } = this.#request;
    this.#complete = false;
    this.#startTimer(this.#settings.firstByteTimeoutMs, this.#onNoAnswer);
    // Timeouts are this class's own: undici has none for the time between headers and body.
    this.#pool.dispatch({ method: "POST", path, headers, body, headersTimeout: 0, bodyTimeout: 0 }, this);
  }

  #sendAfter(delay: number): void {
    this.#attempt += 1;
    this.#controller = undefined;
    this.#status = 0;
    this.#headers = {};
    this.#bytes = 0;
    this.#dropFragments();
    this.#startTimer(delay, () => this.#send());
  }

  /** Milliseconds; `undefined` if this answer is final. */
  #retryDelay(): number | undefined {
    const status = this.#status === 0 ? undefined : this.#status;
    return retryDelay(this.#attempt, status, this.#header("retry-after"), this.#settings);
  }

  /** A status other than 2xx; its body is complete, or long enough to say why. */
  #refused(): void {
    const delay = this.#complete ? this.#retryDelay() : undefined;
    if (delay !== undefined) this.#sendAfter(delay);
    else
      this.#stop(
        toHttpError(this.#status, Buffer.concat(this.#fragments).toString("utf8"), {
          retryAfter: this.#header("retry-after"),
          secrets: this.#request.secrets,
        }),
      );
  }

  /** What has come so far is still handed over, then the error. */
  #fail(error: unknown): void {
    this.#error = error;
    this.#release();
    this.#stopTimer();
    if (!this.#complete) this.#controller?.abort(new Error("aborted"));
    this.#schedule();
  }

  /** Nothing more is handed over, but the error if there is one. Closes the connection at once. */
  #stop(error: unknown): void {
    this.#phase = "taken";
    this.#accepted = false;
    this.#dropFragments();
    this.#fail(error);
  }

  readonly #onAbort = (): void => this.#stop(this.#request.signal.reason);

  #release(): void {
    this.#request.signal.removeEventListener("abort", this.#onAbort);
  }

  readonly #wait = (
    resolve: (result: IteratorResult<Batch>) => void,
    reject: (error: unknown) => void,
  ): void => {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#handOver();
  };

  /** Once all fragments of the read that is being handled are here. */
  #schedule(): void {
    if (this.#scheduled || this.#resolve === undefined) return;
    this.#scheduled = true;
    void NOW.then(this.#handOver);
  }

  readonly #handOver = (): void => {
    this.#scheduled = false;
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    const batch: ModelChunk[] = [];
    try {
      this.#take(batch);
    } catch (error) {
      this.#stop(error);
    }
    if (batch.length > 0 || (this.#accepted && this.#error === undefined)) {
      this.#accepted = false;
      this.#resolve = undefined;
      resolve({ done: false, value: batch });
    } else if (this.#error !== undefined) {
      this.#resolve = undefined;
      this.#reject?.(this.#error);
      this.#error = undefined;
      this.#phase = "taken";
    } else if (this.#phase === "taken") {
      this.#resolve = undefined;
      resolve(END);
    } else if (this.#bytes > 0) this.#watch();
    if (this.#controller?.paused) this.#controller.resume();
  };

  #take(batch: ModelChunk[]): void {
    const ended = this.#complete && this.#error === undefined;
    if (this.#phase === "streaming") {
      const reader = this.#reader as ChatReader;
      if (this.#fragments.length > 0) reader.read(this.#dropFragments(), batch);
      if (!ended && !reader.done) return;
      this.#phase = "taken";
      this.#release();
      if (!ended) this.#startTimer(LINGER_MS, this.#onLinger);
      reader.end(batch);
    } else if (this.#phase === "whole" && ended) {
      this.#phase = "taken";
      const body = Buffer.concat(this.#dropFragments());
      const type = this.#header("content-type");
      for (const chunk of fromWholeBody(body, type, this.#settings, this.#request.secrets)) batch.push(chunk);
    }
  }

  #dropFragments(): Buffer[] {
    const fragments = this.#fragments;
    this.#fragments = [];
    this.#waitingBytes = 0;
    return fragments;
  }

  #startTimer(ms: number, callback: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(callback, ms);
  }

  #stopTimer(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The consumer waits, and so the server's silence counts. A consumer that is behind stops no one. */
  #watch(): void {
    if (this.#timer) this.#timer.refresh();
    else this.#startTimer(this.#settings.idleTimeoutMs, this.#onIdle);
  }

  readonly #onIdle = (): void => {
    this.#timer = undefined;
    if (this.#resolve === undefined) return;
    const { idleTimeoutMs } = this.#settings;
    this.#fail(new UpstreamError(504, `the model server was silent for ${idleTimeoutMs} ms`));
  };

  readonly #onNoAnswer = (): void => {
    const { firstByteTimeoutMs } = this.#settings;
    this.#fail(new UpstreamError(504, `the model server did not answer within ${firstByteTimeoutMs} ms`));
  };

  readonly #onLinger = (): void => this.#controller?.abort(new Error("aborted"));

  #header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
  }
}
