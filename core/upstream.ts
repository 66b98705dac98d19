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
  /** The same, and other facts that the server states, under the server's own names. */
  context?: Readonly<Record<string, unknown>>;
}

/** A model server, whatever it speaks. */
export interface Upstream {
  /** Names it in logs, errors and the start banner. */
  readonly name: string;
  /** Said once in the start banner: where it is, what it is. No secrets. */
  readonly description: string;
  /** What `vr check` shows of it: quirks and the like. JSON, no secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /**
   * The model's answer, in batches of all that one read brought. The first batch, which may be empty, says
   * that the model has begun to answer: until then an error is a plain HTTP status. The last chunk of a complete
   * answer is `finish`; iteration that ends without one is an upstream that broke off. Obeys `turn.signal` at once. When
   * `request.stream` is false the upstream is asked once and everything is one batch. Chunks that it gives to several
   * responses are frozen (`deepFreeze`).
   * @throws UpstreamError with the status that the client is to see
   */
  stream(request: ModelRequest, turn: Turn): AsyncIterable<readonly ModelChunk[]>;
  /** @throws UpstreamError when they cannot be listed */
  models(signal: AbortSignal): Promise<ModelInfo[]>;
  /** The model of requests that name none. @throws UpstreamError when it cannot be found out */
  defaultModel(signal: AbortSignal): MaybePromise<string>;
  /** Resolves when the upstream answers. @throws with the reason when it does not */
  check?(signal: AbortSignal): Promise<void>;
  /**
   * Parameters beyond the API's that the upstream takes, in `request.extra`. Others that a client sends are ignored with
   * a warning.
   */
  readonly extraParameters?: readonly string[];
  /** Speaks the Responses API itself: hosted tools and items that no plugin here knows pass to it. */
  readonly native?: boolean;
  /**
   * Declares that surrogate halves occur only at the ends of deltas, where the core joins them with the next delta. The
   * core then need not check every character of the answer.
   */
  readonly wellFormed?: boolean;
  /**
   * Sends a request in the server's own dialect and gives its answer unread. Obeys `call.signal` at once.
   * Leaving the body early lets the server go.
   * @throws UpstreamError when there is no answer, or none but an error
   */
  forward?(call: ForwardedCall): Promise<ForwardedAnswer>;
}

/** A request that passes through unchanged. */
export interface ForwardedCall {
  /** Starts with a slash. */
  path: string;
  /** What the path is appended to: the server's base URL (the default), or the base URL without its version. */
  below?: "base" | "root" | undefined;
  /** As the client sent it. */
  body: string;
  /** The client's own header, for upstreams that forward it. Never logged. */
  authorization?: string | undefined;
  signal: AbortSignal;
}

export interface ForwardedAnswer {
  status: number;
  /** Of the answer, names in lower case; those of the connection are left out. */
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
