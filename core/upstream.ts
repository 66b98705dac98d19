import type { Log, MaybePromise, Turn } from "./context.ts";
import type { ModelChunk } from "./protocol/chunk.ts";
import type { ModelRequest } from "./protocol/model-request.ts";

/** An entry of `GET /v1/models`. */
export interface ModelInfo {
  id: string;
  /** Seconds since the Unix epoch. */
  created?: number;
  owned_by?: string;
  /** Most tokens of a conversation and its answer together. */
  context_length?: number;
  /** The same and other facts about the context, under the server's own names. */
  context?: Readonly<Record<string, unknown>>;
}

/** A model server, whatever its API. */
export interface Upstream {
  /** The name in logs, errors and the start banner. */
  readonly name: string;
  /** Shown in the start banner: where it is, what it is. Must not contain secrets. */
  readonly description: string;
  /** Details for `vr check`, such as quirks. JSON, without secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /**
   * The model's answer, in batches of all that one read brought. The first batch, which may be empty, means that the
   * model has begun to answer: until then an error is a plain HTTP status. The last chunk of a complete answer is
   * `finish`; without it, the upstream broke off. Must obey `turn.signal` at once. If `request.stream` is false, the
   * whole answer is one batch. Chunks that are given to several responses must be frozen (`deepFreeze`).
   * @throws UpstreamError with the status for the client
   */
  stream(request: ModelRequest, turn: Turn): AsyncIterable<readonly ModelChunk[]>;
  /** @throws UpstreamError if the models cannot be listed */
  models(signal: AbortSignal): Promise<ModelInfo[]>;
  /** The model for requests that name none. @throws UpstreamError if it is not known */
  defaultModel(signal: AbortSignal): MaybePromise<string>;
  /** Resolves if the upstream answers. @throws the reason if it does not */
  check?(signal: AbortSignal): Promise<void>;
  /**
   * Parameters beyond the API's that the upstream takes, in `request.extra`. Others that a client sends are ignored
   * with a warning.
   */
  readonly extraParameters?: readonly string[];
  /** Whether the upstream speaks the Responses API itself. It then gets hosted tools and items that no plugin knows. */
  readonly native?: boolean;
  /**
   * Declares that surrogate halves occur only at the ends of deltas, where the core joins them with the next delta. The
   * core then need not check every character of the answer.
   */
  readonly wellFormed?: boolean;
  /**
   * Sends a request in the server's own API and returns the answer unread. Must obey `call.signal` at once. If the
   * reader leaves the body early, the call to the server ends.
   * @throws UpstreamError if there is no answer, or the answer is an error
   */
  forward?(call: ForwardedCall): Promise<ForwardedAnswer>;
}

/** A request that passes through unchanged. */
export interface ForwardedCall {
  /** Starts with a slash. */
  path: string;
  /** What the path is appended to: the server's base URL (the default), or the base URL without its version. */
  below?: "base" | "root" | undefined;
  /** The body as the client sent it. */
  body: string;
  /** The client's own header, for upstreams that forward it. Never logged. */
  authorization?: string | undefined;
  signal: AbortSignal;
}

export interface ForwardedAnswer {
  status: number;
  /** The answer's headers, names in lower case, without those of the connection. */
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array>;
}

/** Where a request may go, and under which name of the model. */
export interface Candidate {
  readonly upstream: Upstream;
  /** `undefined`: the upstream's own default model. */
  readonly model: string | undefined;
}

export type { Log };
