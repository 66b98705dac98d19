import { type FinishReason, isVrError, type ModelChunk, UpstreamError, type wire } from "../../core/index.ts";
import { toErrorInStream } from "../dialect-chat/index.ts";
import { isTextItem, withoutWords } from "./text-items.ts";
import { toUsage } from "./to-usage.ts";
import { ToldText } from "./told-text.ts";
import { wholeHosted } from "./whole-hosted.ts";
import type { ServerResponse } from "./wire-event.ts";

/** The chunks of a response that came whole. @throws UpstreamError when it failed, or is no response */
export function fromResponse(response: ServerResponse, secrets: readonly string[] = []): ModelChunk[] {
  if (response.error) throw toErrorInStream(response.error, secrets);
  if (!Array.isArray(response.output))
    throw new UpstreamError(502, "the model server answered without output");
  const chunks: ModelChunk[] = [];
  try {
    for (const [index, item] of response.output.entries()) wholeItem(item, index, chunks);
  } catch (error) {
    throw toNonsense(error);
  }
  endOf(response, response.output.some(isCall), chunks, secrets);
  return chunks;
}

/** What a server's words that cannot be read are to the client. */
export function toNonsense(error: unknown): unknown {
  if (isVrError(error)) return error;
  return new UpstreamError(502, "the model server sent something that makes no sense", { cause: error });
}

/** An item that came whole, in the chunks that it would have streamed in. `index`: among the output. */
export function wholeItem(item: wire.OutputItem, index: number, out: ModelChunk[]): void {
  if (isCall(item)) {
    out.push(callChunk(item, index));
    const delta = argumentsOf(item.arguments);
    if (delta) out.push({ type: "tool_arguments", index, delta });
  } else if (isTextItem(item)) {
    out.push({ type: "item", stage: "added", item: withoutWords(item) });
    new ToldText(item.type).wholeItem(item, out);
    out.push({ type: "item", stage: "done", item: withoutWords(item) });
  } else wholeHosted(typedItem(item), out);
}

/** What comes in is not trusted: an item of any type passes, but not without one. */
export function typedItem(item: wire.OutputItem): wire.OutputItem {
  if (typeof item.type === "string") return item;
  throw new UpstreamError(502, "the model server sent an item without a type");
}

/** Careless servers give an object in place of its JSON. */
export function argumentsOf(all: unknown): string {
  if (typeof all === "string") return all;
  return all ? JSON.stringify(all) : "";
}

export function isCall(item: wire.OutputItem): item is wire.FunctionToolCall {
  return item.type === "function_call";
}

export function callChunk(item: wire.FunctionToolCall, index: number): ModelChunk {
  const { call_id: callId, name } = item;
  if (typeof name !== "string" || name === "")
    throw new UpstreamError(502, "the model server sent a tool call without the name of a function");
  return { type: "tool_call", index, name, item, ...(callId ? { callId } : {}) };
}

/** Usage, and how the response ended. @throws UpstreamError when it failed, or goes on elsewhere */
export function endOf(
  response: ServerResponse,
  hasCalls: boolean,
  out: ModelChunk[],
  secrets: readonly string[],
): void {
  if (response.usage) out.push({ type: "usage", usage: toUsage(response.usage) });
  out.push({ type: "finish", reason: finishReason(response, hasCalls, secrets) });
}

function finishReason(response: ServerResponse, hasCalls: boolean, secrets: readonly string[]): FinishReason {
  const { status, incomplete_details: details } = response;
  switch (status) {
    case "incomplete":
      return details?.reason === "content_filter" ? "content_filter" : "length";
    case "failed":
      throw toErrorInStream(response.error, secrets);
    case "completed":
    case undefined:
      return hasCalls ? "tool_calls" : "stop";
    default:
      throw new UpstreamError(502, `the model server ended its answer as "${String(status).slice(0, 40)}"`);
  }
}
