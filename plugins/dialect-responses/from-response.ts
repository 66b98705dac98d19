import { type FinishReason, isVrError, type ModelChunk, UpstreamError, type wire } from "../../core/index.ts";
import { meaningOf, toErrorInStream } from "../dialect-chat/index.ts";
import { SentText } from "./sent-text.ts";
import { isTextItem, withoutWords } from "./text-items.ts";
import { toUsage } from "./to-usage.ts";
import { wholeHosted } from "./whole-hosted.ts";
import type { ServerResponse } from "./wire-event.ts";
import { withoutNulls } from "./without-nulls.ts";

/** Decides how an answer ended. */
export interface Ending {
  /** Removed from errors. */
  readonly secrets: readonly string[];
  /**
   * `max_output_tokens` of the request, for servers that call an answer cut off there "completed": an answer with as
   * many tokens was cut off.
   */
  readonly cutAtTokens?: number | undefined;
}

/** The chunks of a response that came whole. @throws UpstreamError if it failed, or is not a response */
export function fromResponse(response: ServerResponse, ending: Ending = { secrets: [] }): ModelChunk[] {
  if (response.error) throw toErrorInStream(response.error, ending.secrets);
  if (!Array.isArray(response.output))
    throw new UpstreamError(502, "the model server answered without output");
  const chunks: ModelChunk[] = [];
  try {
    for (const [index, item] of response.output.entries()) wholeItem(item, index, chunks);
  } catch (error) {
    throw toNonsense(error);
  }
  if (response.status === undefined && chunks.length === 0) throw saidNothing();
  endOf(response, response.output.some(isCall), chunks, ending);
  return chunks;
}

/** The error for an answer without content and without a status: it may have failed. */
export function saidNothing(): UpstreamError {
  return new UpstreamError(502, "the model server ended its answer without content and without a status");
}

/** The error for the client if the server's answer cannot be read. */
export function toNonsense(error: unknown): unknown {
  if (isVrError(error)) return error;
  return new UpstreamError(502, "the model server sent something that cannot be read", { cause: error });
}

/** Adds an item that came whole, as the chunks of a stream. `index`: its place in the output. */
function wholeItem(received: wire.OutputItem, index: number, out: ModelChunk[]): void {
  const item = withoutNulls(received);
  if (isCall(item)) {
    out.push(callChunk(item, index));
    const delta = argumentsOf(item.arguments);
    if (delta) out.push({ type: "tool_arguments", index, delta });
  } else if (isTextItem(item)) {
    out.push({ type: "item", stage: "added", item: withoutWords(item) });
    new SentText(item.type).endItem(item, out);
    out.push({ type: "item", stage: "done", item: withoutWords(item) });
  } else wholeHosted(typedItem(item), out);
}

/** Checks that an item has a type, since a server may send anything. Any type is allowed. */
export function typedItem(item: wire.OutputItem): wire.OutputItem {
  if (typeof item.type === "string") return item;
  throw new UpstreamError(502, "the model server sent an item without a type");
}

/** The arguments as JSON text. Some servers send an object instead. */
export function argumentsOf(all: unknown): string {
  if (typeof all === "string") return all;
  return all ? JSON.stringify(all) : "";
}

function isCall(item: wire.OutputItem): item is wire.FunctionToolCall {
  return item.type === "function_call";
}

export function isNamed({ name }: wire.FunctionToolCall): boolean {
  return typeof name === "string" && name !== "";
}

/** The chunk that begins a call. @throws UpstreamError for a call without a name */
export function callChunk(item: wire.FunctionToolCall, index: number): ModelChunk {
  const { call_id: callId, name } = item;
  if (!isNamed(item))
    throw new UpstreamError(502, "the model server sent a tool call without the name of a function");
  return { type: "tool_call", index, name, item, ...(callId ? { callId } : {}) };
}

/**
 * Adds the usage and how the response ended. If it was cut off, its last item counts as cut off too, whatever the
 * server says.
 * @throws UpstreamError if it failed, or continues in the background
 */
export function endOf(response: ServerResponse, hasCalls: boolean, out: ModelChunk[], ending: Ending): void {
  const usage = response.usage ? toUsage(response.usage) : undefined;
  const reason = finishReason(response, hasCalls, ending.secrets);
  const { cutAtTokens = Number.POSITIVE_INFINITY } = ending;
  const isCut = usage !== undefined && response.status !== "incomplete" && usage.output_tokens >= cutAtTokens;
  const end = isCut ? "length" : reason;
  if (end === "length" || end === "content_filter") cutLast(out);
  if (usage) out.push({ type: "usage", usage });
  out.push({ type: "finish", reason: end });
}

function cutLast(out: ModelChunk[]): void {
  const last = out.at(-1);
  if (last?.type !== "item" || last.stage !== "done" || !isTextItem(last.item)) return;
  out[out.length - 1] = { ...last, item: { ...last.item, status: "incomplete" } };
}

function finishReason(response: ServerResponse, hasCalls: boolean, secrets: readonly string[]): FinishReason {
  const { status, incomplete_details: details } = response;
  switch (status) {
    case "incomplete":
      return meaningOf(details?.reason) === "content_filter" ? "content_filter" : "length";
    case "failed":
      throw toErrorInStream(response.error, secrets);
    case "completed":
    case undefined:
      return hasCalls ? "tool_calls" : "stop";
    default:
      throw new UpstreamError(502, `the model server ended its answer as "${String(status).slice(0, 40)}"`);
  }
}
