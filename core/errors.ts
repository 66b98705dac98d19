/**
 * The errors that vr answers with. Each has an HTTP status, and one method turns it into the OpenAI envelope
 * `{ error: { message, type, param, code } }`. They are recognised by a brand, not by `instanceof`, so that two copies
 * of the package recognise each other's errors.
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

/** The body of every error answer. */
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

  /** The message for the client. If it differs from `message`, that one is for the operator. */
  get publicMessage(): string {
    return this.message;
  }

  toJSON(): ErrorEnvelope {
    return { error: { message: this.publicMessage, type: this.type, param: this.param, code: this.code } };
  }
}

/** 400: the request is wrong, or asks for something that is not possible. */
export class InvalidRequestError extends VrError {
  constructor(message: string, fields?: ErrorFields) {
    super(400, "invalid_request_error", message, fields);
  }
}

/** 404: the response, item, container or path does not exist. */
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
 * 503: the store cannot be reached or has failed. Its message may name files and hosts, so it goes only to the log.
 * Clients get a general message.
 */
export class StoreError extends VrError {
  override get publicMessage(): string {
    return "The gateway's store cannot be used at the moment.";
  }

  constructor(message: string, fields?: ErrorFields) {
    super(503, "server_error", message, { code: "store_unavailable", ...fields });
  }
}

/** The upstream refused, failed, broke off or took too long. Its headers and secrets are never passed on. */
export class UpstreamError extends VrError {
  readonly [UPSTREAM_BRAND] = true;

  constructor(status: number, message: string, fields?: ErrorFields & { headers?: Record<string, string> }) {
    super(status, errorTypeOf(status), message, fields);
    this.headers = fields?.headers ?? {};
  }
}

/** The reason of an abort after the client has left. The response is `cancelled`, not failed. No client sees it. */
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

/** A plugin threw, or returned something that the hook does not accept. The message names plugin and hook. */
export class PluginError extends VrError {
  constructor(message: string, fields?: ErrorFields) {
    super(500, "server_error", message, { code: "plugin_error", ...fields });
  }
}

/**
 * Thrown by a guardrail in `onChunk` or `onOutputItem`. The response ends here as `incomplete`, `content_filter`. This
 * is not a failed request: what was sent before stays.
 */
export class GuardrailStop extends Error {
  readonly [STOP_BRAND] = true;
  /** Chunks that are still sent before the stop, such as harmless text that a tail window held back. */
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

/** Turns anything thrown into a `VrError`. Anything else becomes a 500 that hides the message. */
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
