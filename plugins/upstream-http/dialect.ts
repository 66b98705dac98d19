import type { ModelChunk, ModelRequest } from "../../core/index.ts";

/** From the bytes of one streamed answer to model chunks. */
export interface StreamReader {
  /** The stream has said that it is over: what follows is of no interest. */
  readonly done: boolean;
  /** The answer is whole, though its stream may bring usage yet. */
  readonly finished: boolean;
  /** All that one read brought. @throws UpstreamError; what came before the error is in `out` */
  read(fragments: readonly Buffer[], out: ModelChunk[]): void;
  /** After the last read. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void;
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
   * The body of a model call. `warn` is told what the server cannot be asked for.
   * @throws InvalidRequestError for content that the dialect cannot carry
   */
  toBody(request: ModelRequest, warn: (message: string) => void): Record<string, unknown>;
  /**
   * What to ask instead, once, after a 400 with this body; `undefined` where the refusal stands. `warning` is for
   * the client.
   */
  amend?(body: string, said: string): { body: string; warning: string } | undefined;
  /** `secrets` are cut out of errors that the server reports. */
  openStream(secrets: readonly string[]): StreamReader;
  /** The chunks of an unstreamed body. @throws UpstreamError when it is an error, or no answer */
  fromWhole(body: object, secrets: readonly string[]): readonly ModelChunk[];
}
