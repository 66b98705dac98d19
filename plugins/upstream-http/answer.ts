import type { Dispatcher } from "undici";
import type { ModelChunk, ModelRequest, UpstreamError } from "../../core/index.ts";
import type { Dialect, StreamReader } from "./dialect.ts";
import { fromWholeBody } from "./whole-body.ts";

export type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

/** The server's answer to one attempt, and how much of it has been turned into chunks. */
export class Answer {
  /** The HTTP status; 0 until the headers have come. */
  status = 0;
  /** Whether the whole body has come. */
  complete = false;
  /** Bytes of the body received so far. */
  bytes = 0;
  /** Bytes received but not yet read. */
  waitingBytes = 0;
  readonly #dialect: Dialect;
  readonly #request: ModelRequest;
  /** Removed from every error. */
  readonly #secrets: readonly string[];
  #headers: Headers | undefined;
  /** The error of a connection that broke in the middle of a stream. */
  #broken: UpstreamError | undefined;
  #fragments: Buffer[] = [];
  /** Reads the body as it comes; `undefined` for a body that is read at its end. */
  #reader: StreamReader | undefined;

  constructor(dialect: Dialect, request: ModelRequest, secrets: readonly string[]) {
    this.#dialect = dialect;
    this.#request = request;
    this.#secrets = secrets;
  }

  get accepted(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** Whether the status is not 2xx. */
  get refused(): boolean {
    return this.status >= 300;
  }

  /** Whether the body is read as it comes. */
  get streamed(): boolean {
    return this.#reader !== undefined;
  }

  /** Whether the model has begun to answer, even if no content has come yet. */
  get begun(): boolean {
    return this.#reader?.begun === true;
  }

  /** Whether the answer is complete. The server may still keep the stream open. */
  get finished(): boolean {
    return this.#reader?.finished === true;
  }

  /** Call when the headers have come. A server may send a whole body although a stream was asked for. */
  start(status: number, headers: Headers): void {
    this.status = status;
    this.#headers = headers;
    if (!this.#request.stream || !this.accepted || /json|html/.test(this.header("content-type") ?? ""))
      return;
    this.#reader = this.#dialect.openStream(this.#request, this.#secrets);
  }

  add(fragment: Buffer): void {
    this.bytes += fragment.length;
    this.waitingBytes += fragment.length;
    this.#fragments.push(fragment);
  }

  /** The connection broke before the server ended its answer. What has come is still read. */
  breakOff(error: UpstreamError): void {
    this.complete = true;
    this.#broken = error;
  }

  /**
   * Turns what has come into chunks. Returns whether the answer ends there.
   * @throws UpstreamError; what came before the error is in `out`
   */
  read(out: ModelChunk[]): boolean {
    const reader = this.#reader;
    if (reader) {
      if (this.#fragments.length > 0) reader.read(this.#takeFragments(), out);
      if (!this.complete && !reader.done) return false;
      // An answer that was complete before the break counts.
      if (this.#broken && !reader.done && !reader.finished) throw this.#broken;
      reader.end(out);
      return true;
    }
    if (!this.complete || !this.accepted) return false;
    const reading = { dialect: this.#dialect, request: this.#request, secrets: this.#secrets };
    const type = this.header("content-type");
    for (const chunk of fromWholeBody(this.#takeBody(), type, reading)) out.push(chunk);
    return true;
  }

  /** What has not been read, as text. It can still be read afterwards. */
  peekText(): string {
    return Buffer.concat(this.#fragments).toString("utf8");
  }

  /** What has not been read, as text; it counts as read afterwards. */
  takeText(): string {
    return this.#takeBody().toString("utf8");
  }

  header(name: string): string | undefined {
    const value = this.#headers?.[name];
    return Array.isArray(value) ? value[0] : value;
  }

  #takeBody(): Buffer {
    const fragments = this.#takeFragments();
    const [first] = fragments;
    return first !== undefined && fragments.length === 1 ? first : Buffer.concat(fragments);
  }

  #takeFragments(): Buffer[] {
    const fragments = this.#fragments;
    this.#fragments = [];
    this.waitingBytes = 0;
    return fragments;
  }
}
