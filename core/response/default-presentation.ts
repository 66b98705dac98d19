import type { EventDraft, Progress } from "../protocol/events.ts";
import type { Item } from "../protocol/items.ts";
import type { FunctionCallOutputItemParam, MCPToolCall, OutputItem } from "../protocol/wire.ts";
import type { CallEnd, Presentation, ReplayedCall, Tool } from "../tool.ts";

/**
 * How a gateway tool without a presentation of its own shows: an `mcp_call`, since every SDK takes that as
 * executed by the server. `server_label` is the tool's label, the plugin's name.
 */
export function defaultPresentation(tool: Tool, approvalRequestId?: string): Presentation {
  const item: Omit<MCPToolCall, "id"> = {
    type: "mcp_call",
    status: "in_progress",
    server_label: tool.label ?? "gateway",
    name: tool.wireName ?? tool.name,
    arguments: "",
    output: null,
    error: null,
    approval_request_id: approvalRequestId ?? null,
  };
  let received = "";
  let isReady = false;
  return {
    idPrefix: "mcp",
    item,
    opened: [{ type: "response.mcp_call.in_progress" }],
    args(delta) {
      received += delta;
      return [{ type: "response.mcp_call_arguments.delta", delta }];
    },
    ready(args) {
      received = args;
      isReady = true;
      return [{ type: "response.mcp_call_arguments.done", arguments: args }];
    },
    done(end) {
      const whole = { ...item, arguments: received, ...toCallResult(end) };
      const type = end.kind === "output" ? "response.mcp_call.completed" : "response.mcp_call.failed";
      if (end.kind !== "stopped") return { item: whole, events: [{ type }] };
      const cutOff: Progress = { type: "response.mcp_call_arguments.done", arguments: received };
      return { item: whole, events: isReady ? [] : [cutOff] };
    },
  };
}

function toCallResult(end: CallEnd): Pick<MCPToolCall, "status" | "output" | "error"> {
  switch (end.kind) {
    case "output":
      return { status: "completed", output: toText(end.output) };
    case "error":
      return {
        status: "failed",
        error: { type: "mcp_tool_execution_error", content: [{ type: "text", text: end.message }] },
      };
    case "stopped":
      return { status: "incomplete" };
  }
}

/** The events that end a call as its item now says: a tap may have made an error of its output. */
export function withFinalStatus(item: OutputItem, events: readonly EventDraft[]): readonly EventDraft[] {
  if (item.type !== "mcp_call") return events;
  const type = item.error ? "response.mcp_call.failed" : "response.mcp_call.completed";
  return events.map((event) =>
    event.type === "response.mcp_call.failed" || event.type === "response.mcp_call.completed"
      ? { ...event, type }
      : event,
  );
}

/** An output as one string, for items that hold no other. */
export function toText(output: FunctionCallOutputItemParam["output"]): string {
  if (typeof output === "string") return output;
  return output.map((part) => (part.type === "input_text" ? part.text : `[${part.type}]`)).join("\n");
}

/** An `mcp_call` as a model reads it, unless its tool kind says otherwise; no other item. */
export function replayDefault(item: MCPToolCall): ReplayedCall;
export function replayDefault(item: Item): ReplayedCall | undefined;
export function replayDefault(item: Item): ReplayedCall | undefined {
  if (item.type !== "mcp_call") return undefined;
  return {
    id: item.id,
    name: item.name,
    arguments: item.arguments || "{}",
    output: errorText(item.error) ?? item.output ?? "no output was given",
  };
}

/** Clients of earlier versions of the API have it as a text. */
function errorText(error: MCPToolCall["error"] | string): string | undefined {
  if (!error) return undefined;
  if (typeof error === "string") return `Error: ${error}`;
  if (error.type !== "mcp_tool_execution_error") return `Error: ${error.message}`;
  const content = Array.isArray(error.content) ? error.content : [error.content];
  const texts = content.map((part: unknown) => {
    const text = (part as { text?: unknown } | null)?.text ?? part;
    return typeof text === "string" ? text : JSON.stringify(text);
  });
  return `Error: ${texts.join("\n")}`;
}
