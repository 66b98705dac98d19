import type { ModelChunk, ModelRequest } from "../../core/index.ts";
import type { Lesson } from "./lessons.ts";

/** Turns the bytes of one streamed answer into model chunks. */
export interface StreamReader {
  /** Whether the stream has said that it is over. What follows is ignored. */
  readonly done: boolean;
  /** Whether the answer is complete. Its usage may still follow. */
  readonly finished: boolean;
  /** Whether an event of the model's answer has come. Comments, empty events and errors do not count. */
  readonly begun: boolean;
  /** Takes everything that one read brought. @throws UpstreamError; what came before the error is in `out` */
  read(fragments: readonly Buffer[], out: ModelChunk[]): void;
  /** Call after the last read. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void;
}

/** What was sent: the request, or the request as changed after earlier refusals. */
export interface Asked {
  readonly request: ModelRequest;
  readonly learned: ReadonlySet<Lesson>;
  readonly body: string;
}

/** The complete answer with a status other than 2xx. */
export interface Refusal {
  readonly status: number;
  readonly said: string;
}

/** What to send instead of what was refused. */
export interface Amended extends Partial<Asked> {
  readonly body: string;
  /** Tells the client what was left out. */
  readonly warning?: string | undefined;
  /** What the next calls of this model should do from the start. */
  readonly lesson?: Lesson | undefined;
}

/** The API that a model server speaks. Pure translation, without I/O. */
export interface Dialect {
  /** The name shown in the start banner. */
  readonly name: string;
  /** Whether the API carries Responses items unchanged. */
  readonly native: boolean;
  /** The path of model calls below the base URL. */
  readonly path: string;
  /**
   * The body of a model call, as JSON. Calls `warn` for each thing that this server cannot be asked for.
   * @throws InvalidRequestError for content that the dialect cannot carry
   */
  toBody(request: ModelRequest, warn: (message: string) => void, learned: ReadonlySet<Lesson>): string;
  /** What to send instead of what was refused. `undefined` or the same body: the refusal is final. */
  amend(asked: Asked, refusal: Refusal): Amended | undefined;
  /** `secrets` are removed from errors that the server reports. */
  openStream(request: ModelRequest, secrets: readonly string[]): StreamReader;
  /** The chunks of an unstreamed body. @throws UpstreamError if it is an error, or not an answer */
  fromWhole(body: object, request: ModelRequest, secrets: readonly string[]): readonly ModelChunk[];
}
