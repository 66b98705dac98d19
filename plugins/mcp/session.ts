import { type ErrorFields, type JsonSchema, VrError } from "../../core/index.ts";

/** A tool as its server lists it. */
export interface ServerTool {
  readonly name: string;
  readonly description?: string | undefined;
  /** The schema as the server sent it, usually of type "object". */
  readonly inputSchema: JsonSchema;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
}

/** One part of a result: text, image, audio, resource, resource_link, or a type that a later protocol adds. */
export type ContentPart = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface CallResult {
  readonly content: readonly ContentPart[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean | undefined;
}

/** An open connection to a server that has listed its tools. */
export interface Session {
  /** The tools as last listed. A new array after the server has changed them. */
  readonly tools: readonly ServerTool[];
  /** The server's own name and version. */
  readonly serverInfo: { readonly name: string; readonly version: string } | undefined;
  /** Calls a tool. @throws CallFailed; the signal's reason, after the call was cancelled at the server */
  call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallResult>;
  /** Runs `run` once when the connection ends, by itself or by `close`; at once if it has already ended. */
  onEnd(run: (reason: string) => void): void;
  /** Closes as soon as the calls on it have ended. */
  retire(): void;
  /** Resolves when the connection has ended completely. */
  close(): Promise<void>;
}

export interface SessionLimits {
  /** Milliseconds to connect and to list the tools. */
  connectTimeoutMs: number;
  /** Milliseconds that a call may take without a sign of progress. */
  callTimeoutMs: number;
  /** Most bytes of one message of the server. */
  messageBytes: number;
}

/** How to reach a server. */
export type Address =
  | {
      kind: "stdio";
      command: string;
      args: readonly string[];
      env: Readonly<Record<string, string>>;
      cwd?: string | undefined;
    }
  | {
      kind: "http";
      url: string;
      headers: Readonly<Record<string, string>>;
      /** If true, only the older transport is used: HTTP with server-sent events. */
      sse?: boolean | undefined;
      /** Default: Node's own. */
      fetch?: typeof globalThis.fetch | undefined;
    };

/** JSON-RPC's and the SDK's own codes. */
export const CONNECTION_CLOSED = -32_000;
export const INVALID = -32_600;
export const TOO_LARGE = -32_010;

/** The error of a call without a result. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  /** `http`: `code` is a status. `protocol`: a JSON-RPC code. */
  readonly kind: "http" | "protocol";
  readonly code: number;
  /**
   * Whether the server has lost the session and has not processed the call, so that it may be repeated in a new one.
   */
  readonly sessionLost: boolean;

  constructor(
    kind: CallFailed["kind"],
    code: number,
    message: string,
    options?: ErrorOptions & { sessionLost?: boolean },
  ) {
    super(message, options);
    this.kind = kind;
    this.code = code;
    this.sessionLost = options?.sessionLost ?? false;
  }
}

/**
 * A server that cannot be used now. The message is a sentence for clients: no secrets. OpenAI API: what a request is
 * answered whose server cannot be used.
 */
export class Unavailable extends VrError {
  constructor(message: string, fields?: Pick<ErrorFields, "param" | "cause">) {
    super(424, "external_connector_error", message, { ...fields, code: "mcp_server_unavailable" });
  }
}
