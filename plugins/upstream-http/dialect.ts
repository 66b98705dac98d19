import type { ModelChunk, ModelRequest } from "../../core/index.ts";
import type { Lesson } from "./lessons.ts";

/** From the bytes of one streamed answer to model chunks. */
export interface StreamReader {
  /** The stream has said that it is over: what follows is of no interest. */
  readonly done: boolean;
  /** The answer is whole, though its stream may bring usage yet. */
  readonly finished: boolean;
  /** An event has come in which the model answers: comments, empty ones and an error are none. */
  readonly begun: boolean;
  /** All that one read brought. @throws UpstreamError; what came before the error is in `out` */
  read(fragments: readonly Buffer[], out: ModelChunk[]): void;
  /** After the last read. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void;
}

/** What was asked: all of it is of the request, or of what earlier refusals have made of it. */
export interface Asked {
  readonly request: ModelRequest;
  readonly learned: ReadonlySet<Lesson>;
  readonly body: string;
}

/** An answer other than 2xx, in full. */
export interface Refusal {
  readonly status: number;
  readonly said: string;
}

/** What to ask instead. */
export interface Amended extends Partial<Asked> {
  readonly body: string;
  /** For the client: what it has lost. */
  readonly warning?: string | undefined;
  /** Holds for the next calls of this model too. */
  readonly lesson?: Lesson | undefined;
}

/** What a model server speaks: pure translation, without I/O. */
export interface Dialect {
  /** Names it in the start banner. */
  readonly name: string;
  /** Whether it carries items as they are. */
  readonly native: boolean;
  /** Of model calls, behind the base URL. */
  readonly path: string;
  /**
   * The body of a model call, as JSON. `warn` is told what the server cannot be asked for.
   * @throws InvalidRequestError for content that the dialect cannot carry
   */
  toBody(request: ModelRequest, warn: (message: string) => void, learned: ReadonlySet<Lesson>): string;
  /** What to ask instead of what was refused; `undefined`, or the same body again, where the refusal stands. */
  amend(asked: Asked, refusal: Refusal): Amended | undefined;
  /** `secrets` are cut out of errors that the server reports. */
  openStream(request: ModelRequest, secrets: readonly string[]): StreamReader;
  /** The chunks of an unstreamed body. @throws UpstreamError when it is an error, or no answer */
  fromWhole(body: object, request: ModelRequest, secrets: readonly string[]): readonly ModelChunk[];
}
