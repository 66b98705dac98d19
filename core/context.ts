import type { ModelChunk } from "./protocol/chunk.ts";
import type { EventDraft } from "./protocol/events.ts";
import type { StoredItem } from "./protocol/items.ts";
import type { ModelRequest } from "./protocol/model-request.ts";
import type { ResponseRequest } from "./protocol/request.ts";

export type MaybePromise<T> = T | Promise<T>;

/** Structured log: fields first, then the message. Secrets are redacted by key before anything is written. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/** What the gateway knows about the client's call besides its body. */
export interface Caller {
  /** The client's `Authorization` header, unchanged, for upstreams that forward it. Never logged. */
  readonly authorization?: string | undefined;
  /** Method of the HTTP request: `POST`. */
  readonly method?: string;
  /** Path of the HTTP request, without its query. */
  readonly path?: string;
  /** Aborts when the client leaves or the gateway shuts down. */
  readonly signal: AbortSignal;
}

/** Lives as long as one response, over all its turns. */
export interface ResponseContext {
  /** `resp_…` */
  readonly id: string;
  readonly request: ResponseRequest;
  /**
   * The conversation that this response continues, oldest first: the items of the previous responses as they were
   * stored, then the request's own input. Known before tools are resolved.
   */
  readonly history: readonly StoredItem[];
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Milliseconds since the response began, by the monotonic clock. */
  readonly elapsedMs: number;
  /** The number of model calls so far. */
  readonly turns: number;
  /** Sends a message to the log, and to the client in `x-vr-warning` while headers have not left. */
  warn(message: string): void;
  /** The value kept under `key` for this response; made by `init` at the first call. */
  state<T>(key: string | symbol, init: () => T): T;
}

/** What `onComplete` receives besides the response. */
export interface EndContext extends Omit<ResponseContext, "request"> {
  /** `undefined` if the body was refused or could not be parsed. */
  readonly request: ResponseRequest | undefined;
  /** The HTTP status that the client received; 499 if it left before that. */
  readonly httpStatus: number;
  /** Why the response failed. */
  readonly failure: Failure | undefined;
}

/** Why a response failed, as the log says it. */
export interface Failure {
  /** The HTTP status of the failure, even if the stream had already begun with 200. */
  readonly status: number;
  /** Such as `previous_response_not_found`. */
  readonly code: string | null;
  readonly param: string | null;
  /** For operators: may name hosts and files. Secrets are removed. */
  readonly message: string;
  /** The plugin that failed or refused the request; absent if no plugin did. */
  readonly plugin: string | undefined;
  /** The error that was thrown, with its stack and causes. */
  readonly error: unknown;
  /** To log the failure yourself, set it to `true` before your tap first awaits: the core then does not log it. */
  logged: boolean;
}

/**
 * One model call of a response, and the tool calls that it leads to. Counted from 0. Calls that the client has
 * approved form a turn of their own, also of index 0, before the model's first.
 */
export interface Turn {
  readonly index: number;
  readonly response: ResponseContext;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The value kept under `key` for this turn; made by `init` at the first call. */
  state<T>(key: string | symbol, init: () => T): T;
  /**
   * For a tap of `beforeUpstream`: return the result to answer without any upstream. The chunks pass `onChunk` and
   * the assembler like an upstream's. A missing `finish` is added. The chunks are frozen deeply, so that a cache may
   * answer with them again.
   * @throws TypeError if they are not chunks
   */
  answer(chunks: readonly ModelChunk[]): ModelRequest;
}

/** The turn as a running tool sees it. */
export interface ToolTurn extends Turn {
  readonly callId: string;
  /** Shows an event of the call's item while the tool runs, such as `…in_progress`. */
  progress(event: ToolProgress): void;
}

/** An event without `item_id` and `output_index`, which the core adds. */
export type ToolProgress = Pick<EventDraft, "type"> & Record<string, unknown>;
