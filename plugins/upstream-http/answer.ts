import type { Dispatcher } from "undici";
import type { ModelChunk, ModelRequest, UpstreamError } from "../../core/index.ts";
import type { Dialect, StreamReader } from "./dialect.ts";
import { fromWholeBody } from "./whole-body.ts";

export type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

/** What the server says to one attempt, and how much of it has been made into chunks. */
export class Answer {
  /** 0 before the headers. */
  status = 0;
  /** The server has said all. */
  complete = false;
  /** Of the body so far. */
  bytes = 0;
  /** Of these, not yet read. */
  waitingBytes = 0;
  readonly #dialect: Dialect;
  readonly #request: ModelRequest;
  /** Never to be seen in an error. */
  readonly #secrets: readonly string[];
  #headers: Headers | undefined;
  /** How the connection broke, if it did in the middle of a stream. */
  #broken: UpstreamError | undefined;
  #fragments: Buffer[] = [];
  /** Of a body that is read as it comes; any other is read at its end. */
  #reader: StreamReader | undefined;

  constructor(dialect: Dialect, request: ModelRequest, secrets: readonly string[]) {
    this.#dialect = dialect;
    this.#request = request;
    this.#secrets = secrets;
  }

  get accepted(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** A status other than 2xx. */
  get refused(): boolean {
    return this.status >= 300;
  }

  /** Whether the body is read as it comes. */
  get streamed(): boolean {
    return this.#reader !== undefined;
  }

  /** Whether the model has begun to answer, though it may have said nothing yet. */
  get begun(): boolean {
    return this.#reader?.begun === true;
  }

  /** Whether the model has said all, though the server may keep the stream open. */
  get finished(): boolean {
    return this.#reader?.finished === true;
  }

  /** A server may give a whole body although a stream was asked for. */
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

  /** The server says no more, though it has not said so. What has come is still read. */
  breakOff(error: UpstreamError): void {
    this.complete = true;
    this.#broken = error;
  }

  /**
   * Makes chunks of what has come. Whether that was the last of it.
   * @throws UpstreamError; what came before the error is in `out`
   */
  read(out: ModelChunk[]): boolean {
    const reader = this.#reader;
    if (reader) {
      if (this.#fragments.length > 0) reader.read(this.#takeFragments(), out);
      if (!this.complete && !reader.done) return false;
      // An answer that was whole before stands.
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

  /** What has not been read, as text; it may be read yet. */
  peekText(): string {
    return Buffer.concat(this.#fragments).toString("utf8");
  }

  /** What has not been read, as text. */
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
