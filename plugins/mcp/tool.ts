import {
  type CallEnd,
  defaultPresentation,
  type JsonSchema,
  type Tool,
  type ToolResult,
  type wire,
} from "../../core/index.ts";
import { type ArgumentCheck, takesObject } from "./argument-check.ts";
import { tell } from "./reason-of.ts";
import type { Redact } from "./redact.ts";
import { type ShownResult, toToolResult } from "./result.ts";
import { CallFailed, type CallResult, CONNECTION_CLOSED, type ServerTool } from "./session.ts";

/** The server that calls go to: from the configuration or from the request. */
export interface ToolServer {
  readonly label: string;
  readonly redact: Redact;
  readonly checkArguments: ArgumentCheck;
  /**
   * The server's tools. `known`: the tools that the conversation has, so that some servers need not be asked again.
   * @throws Unavailable; the signal's reason
   */
  tools(signal: AbortSignal, known?: readonly ServerTool[]): Promise<readonly ServerTool[]>;
  /** Calls a tool. @throws CallFailed, Unavailable, or the connection's error; the signal's reason */
  call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallResult>;
}

export interface ToolTraits {
  /** The name that the model calls. */
  name: string;
  needsApproval: boolean;
  /** The server's description for the model. */
  description?: string | undefined;
}

/** A server's tool, as the gateway runs it. */
export function toTool(server: ToolServer, listed: ServerTool, traits: ToolTraits): Tool {
  const { label } = server;
  const about = traits.description && `About the server "${label}": ${traits.description}`;
  const tool: Tool = {
    name: traits.name,
    wireName: listed.name,
    label,
    description: [listed.description, about].filter(Boolean).join("\n\n"),
    parameters: toParameters(listed.inputSchema),
    needsApproval: traits.needsApproval,
    execute: async (args, turn) => {
      const mistake = await server.checkArguments(listed, args);
      if (mistake) return { kind: "error", message: mistake };
      try {
        return toToolResult(await server.call(listed.name, args, turn.signal), server.redact);
      } catch (error) {
        turn.signal.throwIfAborted();
        return toFailure(error, server.redact);
      }
    },
    present: (approvalRequestId) => {
      const shown = defaultPresentation(tool, approvalRequestId);
      return {
        ...shown,
        done: (end) => {
          const { item, events } = shown.done(end);
          return { item: { ...item, ...shownOf(end) } as typeof item, events };
        },
      };
    },
  };
  return tool;
}

function shownOf(end: CallEnd): ShownResult {
  if (end.kind === "stopped") return {};
  const { output, error } = (end.details ?? {}) as ShownResult;
  return end.kind === "output" ? (output ? { output } : {}) : error ? { error } : {};
}

/** OpenAI API: the forms of `mcp_call.error`. */
function toFailure(error: unknown, redact: Redact): ToolResult {
  const message = tell(error, redact);
  const failed = error instanceof CallFailed ? error : undefined;
  const shown: wire.MCPToolCall["error"] =
    failed?.kind === "http"
      ? { type: "http_error", code: failed.code, message }
      : { type: "mcp_protocol_error", code: failed?.code ?? CONNECTION_CLOSED, message };
  return { kind: "error", message, details: { error: shown } satisfies ShownResult };
}

/**
 * A schema for the model. MCP's arguments are always an object: a union with null becomes an object, and a schema that
 * allows no object becomes one that allows any. Model servers need `properties`, and some fail on `$schema`.
 */
export function toParameters({ $schema: _, ...schema }: JsonSchema): JsonSchema {
  if (!takesObject(schema)) return { type: "object", properties: {} };
  return { ...schema, type: "object", properties: schema.properties ?? {} };
}
