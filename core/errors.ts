/**
 * The errors that vr answers with. Each knows its HTTP status and turns into the OpenAI envelope
 * `{ error: { message, type, param, code } }` in one place. They are recognised by a brand, not by
 * `instanceof`, so that two copies of the package still understand each other.
 */

import { cutCredentials } from "./secrets.ts";

const BRAND = Symbol.for("vr-gateway.error");
const STOP_BRAND = Symbol.for("vr-gateway.guardrail-stop");
const UPSTREAM_BRAND = Symbol.for("vr-gateway.upstream-error");

export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "not_found_error"
  | "rate_limit_error"
  | "server_error"
  | "external_connector_error";

export interface ErrorFields {
  /** The parameter that is wrong, as a path: `input[0].content`. */
  param?: string | null;
  /** A machine-readable reason, such as `previous_response_not_found`. */
  code?: string | null;
  cause?: unknown;
}

/** The error body that every endpoint answers with. */
export interface ErrorEnvelope {
  error: { message: string; type: ErrorType; param: string | null; code: string | null };
}

export class VrError extends Error {
  readonly [BRAND] = true;
  readonly status: number;
  readonly type: ErrorType;
  readonly param: string | null;
  readonly code: string | null;
  /** Response headers that go with the status, such as `Retry-After`. */
  headers: Readonly<Record<string, string>> = {};

  constructor(status: number, type: ErrorType, message: string, fields: ErrorFields = {}) {
    // Messages may quote servers, clients and plugins, and go to logs and clients.
    super(cutCredentials(message), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = new.target.name;
    this.status = status;
    this.type = type;
    this.param = fields.param ?? null;
    this.code = fields.code ?? null;
  }

  /** What the client is told; `message` is for the operator where the two differ. */
  get publicMessage(): string {
    return this.message;
  }

  toJSON(): ErrorEnvelope {
    return { error: { message: this.publicMessage, type: this.type, param: this.param, code: this.code } };
  }
}

/** 400: what the client sent cannot be honoured. */
export class InvalidRequestError extends VrError {
  constructor(message: string, fields?: ErrorFields) {
    super(400, "invalid_request_error", message, fields);
  }
}

/** 404: no such response, item, container or path. */
export class NotFoundError extends VrError {
  constructor(message: string, fields?: ErrorFields) {
    super(404, "invalid_request_error", message, fields);
  }
}

/** 403: a plugin refuses the request. */
export class RefusedError extends VrError {
  constructor(message: string, fields?: ErrorFields) {
    super(403, "permission_error", message, fields);
  }
}

/**
 * 503: the store cannot be reached or cannot do what it was asked. Its message, which may name files and
 * hosts, goes to the log; clients are told only that.
 */
export class StoreError extends VrError {
  override get publicMessage(): string {
    return "The gateway's store cannot be used at the moment.";
  }

  constructor(message: string, fields?: ErrorFields) {
    super(503, "server_error", message, { code: "store_unavailable", ...fields });
  }
}

/** The upstream refused, failed, broke off or took too long. Its own headers and secrets never pass. */
export class UpstreamError extends VrError {
  readonly [UPSTREAM_BRAND] = true;

  constructor(status: number, message: string, fields?: ErrorFields & { headers?: Record<string, string> }) {
    super(status, errorTypeOf(status), message, fields);
    this.headers = fields?.headers ?? {};
  }
}

/** The reason of an abort because the client is gone: the response is `cancelled`, not failed. Nobody reads it. */
export class ClientLeft extends VrError {
  constructor() {
    super(499, "invalid_request_error", "The client left.");
  }
}

/** The configuration cannot be used. The message names file, line and option. */
export class ConfigError extends VrError {
  constructor(message: string, fields?: ErrorFields) {
    super(500, "server_error", message, fields);
  }
}

/** A plugin threw, or answered a hook with something that the hook does not take. Names plugin and hook. */
export class PluginError extends VrError {
  constructor(message: string, fields?: ErrorFields) {
    super(500, "server_error", message, { code: "plugin_error", ...fields });
  }
}

/**
 * Thrown by a guardrail in `onChunk` or `onOutputItem`: the response ends here as `incomplete`,
 * `content_filter`. Not an error of the request: what came before has passed and stays.
 */
export class GuardrailStop extends Error {
  readonly [STOP_BRAND] = true;
  /** Chunks that still pass before the stop (what a tail window held that turned out harmless). */
  readonly before: readonly unknown[];

  constructor(message: string, options: { before?: readonly unknown[] } = {}) {
    super(message);
    this.name = "GuardrailStop";
    this.before = options.before ?? [];
  }
}

export function isVrError(error: unknown): error is VrError {
  return typeof error === "object" && error !== null && BRAND in error;
}

export function isUpstreamError(error: unknown): error is UpstreamError {
  return isVrError(error) && UPSTREAM_BRAND in error;
}

export function isGuardrailStop(error: unknown): error is GuardrailStop {
  return typeof error === "object" && error !== null && STOP_BRAND in error;
}

/** Anything thrown, as a `VrError`. What is not one becomes a 500 that hides the message. */
export function toVrError(error: unknown): VrError {
  if (isVrError(error)) return error;
  return new VrError(500, "server_error", "The gateway failed to handle this request.", { cause: error });
}

export function errorTypeOf(status: number): ErrorType {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

/** For the end of an exhaustive `switch`: a new variant fails the build. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected variant: ${JSON.stringify(value)}`);
}
