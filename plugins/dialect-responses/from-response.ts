import { type FinishReason, type ModelChunk, UpstreamError, type wire } from "../../core/index.ts";
import { toErrorInStream } from "../dialect-chat/index.ts";
import { isPartType, isTextItem, toLogProbs, withoutWords } from "./text-items.ts";
import { toUsage } from "./to-usage.ts";
import type { ServerResponse } from "./wire-event.ts";

/** The chunks of a response that came whole. @throws UpstreamError when it failed, or is no response */
export function fromResponse(response: ServerResponse, secrets: readonly string[] = []): ModelChunk[] {
  if (response.error) throw toErrorInStream(response.error, secrets);
  if (!Array.isArray(response.output))
    throw new UpstreamError(502, "the model server answered without output");
  const chunks: ModelChunk[] = [];
  response.output.forEach((item, index) => {
    wholeItem(item, index, chunks);
  });
  endOf(response, response.output.some(isCall), chunks, secrets);
  return chunks;
}

/** An item that came whole, in the chunks that it would have streamed in. `index`: among the output. */
export function wholeItem(item: wire.OutputItem, index: number, out: ModelChunk[]): void {
  if (isCall(item)) {
    out.push(callChunk(item, index));
    if (item.arguments) out.push({ type: "tool_arguments", index, delta: item.arguments });
  } else if (isTextItem(item)) {
    out.push({ type: "item", stage: "added", item: withoutWords(item) });
    for (const part of partsOf(item)) wholePart(part, out);
    out.push({ type: "item", stage: "done", item: withoutWords(item) });
  } else out.push({ type: "item", stage: "done", item });
}

export function isCall(item: wire.OutputItem): item is wire.FunctionToolCall {
  return item.type === "function_call";
}

export function callChunk(item: wire.FunctionToolCall, index: number): ModelChunk {
  const { call_id: callId, name } = item;
  return { type: "tool_call", index, name, item, ...(callId ? { callId } : {}) };
}

type Part = ReturnType<typeof partsOf>[number];

function partsOf(item: wire.OutputMessage | wire.ReasoningItem) {
  return [...(item.type === "reasoning" ? (item.summary ?? []) : []), ...(item.content ?? [])];
}

function wholePart(part: Part, out: ModelChunk[]): void {
  if (!isPartType(part?.type)) return;
  out.push({ type: "part", part: part.type });
  if (part.type === "output_text") {
    out.push({ type: "text", text: part.text, ...toLogProbs(part.logprobs) });
    for (const annotation of part.annotations ?? []) out.push({ type: "annotation", annotation });
  } else if (part.type === "refusal") out.push({ type: "refusal", text: part.refusal });
  else out.push({ type: "reasoning", text: part.text });
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
