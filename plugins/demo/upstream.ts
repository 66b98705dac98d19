import { setTimeout as delay } from "node:timers/promises";
import type { FinishReason, ModelChunk, ModelRequest, Upstream, wire } from "../../core/index.ts";
import { writeAnswer } from "./answer.ts";
import { chooseCalls } from "./choose-calls.ts";
import { countInput, readConversation } from "./conversation.ts";
import { PatternSearch } from "./pattern-search.ts";
import { Room } from "./room.ts";

export interface DemoOptions {
  /** Milliseconds between two words of a streamed answer; 0: no wait. Default: 15. */
  delayMs?: number;
}

/** A model that needs no server. It follows a few rules, is deterministic, and says in every text that it is a demo. */
export function createDemo({ delayMs = 15 }: DemoOptions = {}): Upstream {
  return {
    name: "demo",
    description:
      "the built-in demo model, which is not a real model; VR_UPSTREAM=http://… uses a model server",
    async *stream(request, { signal }) {
      signal.throwIfAborted();
      const chunks = answerChunks(request);
      if (!request.stream) {
        yield chunks;
        return;
      }
      for (const chunk of chunks) {
        yield [chunk];
        if (delayMs > 0 && isWord(chunk)) await delay(delayMs, undefined, { signal });
        signal.throwIfAborted();
      }
    },
    models: async () => [{ id: "demo", owned_by: "vr" }],
    defaultModel: () => "demo",
    check: async () => {},
  };
}

/** The whole answer. One word, or a piece of JSON, counts as one token and is one chunk. */
function answerChunks(request: ModelRequest): ModelChunk[] {
  const conversation = readConversation(request);
  const bounds = { patterns: new PatternSearch(), room: new Room() };
  const calls = chooseCalls(request, conversation, bounds);
  const chunks: ModelChunk[] = [];
  const reasons = request.reasoning?.effort && request.reasoning.effort !== "none";
  if (reasons)
    for (const text of split(reason(conversation.prompt, calls))) chunks.push({ type: "reasoning", text });
  calls.forEach((call, index) => {
    chunks.push({ type: "tool_call", index, name: call.name });
    for (const delta of split(call.arguments)) chunks.push({ type: "tool_arguments", index, delta });
  });
  if (calls.length === 0)
    for (const text of split(writeAnswer(request, conversation, bounds)))
      chunks.push(textChunk(text, request));
  const kept = withinLimit(chunks, request.maxOutputTokens);
  const ended: FinishReason = calls.length > 0 ? "tool_calls" : "stop";
  return [
    ...kept,
    { type: "usage", usage: usageOf(request, kept) },
    { type: "finish", reason: kept.length < chunks.length ? "length" : ended },
  ];
}

function reason(prompt: string, calls: readonly { name: string }[]): string {
  const plan =
    calls.length > 0 ? `I call ${calls.map(({ name }) => name).join(" and ")}.` : "I answer by my rules.";
  return `The user says “${prompt}”. I am the demo model. ${plan}`;
}

/** Splits a text into words with the spaces before them. Long words, as in JSON, come in pieces. */
function split(text: string): string[] {
  return text.match(/\s+\S{0,16}|\S{1,16}/gu) ?? [];
}

function textChunk(text: string, { logprobs, topLogprobs = 0 }: ModelRequest): ModelChunk {
  if (!logprobs && topLogprobs === 0) return { type: "text", text };
  const candidates = Array.from({ length: topLogprobs }, (_, rank) => ({
    ...tokenOf(rank === 0 ? text : `${text}~${rank}`),
    logprob: -0.1 * (rank + 1),
  }));
  return { type: "text", text, logprobs: [{ ...tokenOf(text), logprob: -0.1, top_logprobs: candidates }] };
}

function tokenOf(token: string): Pick<wire.LogProb, "token" | "bytes"> {
  return { token, bytes: [...Buffer.from(token)] };
}

function isWord(chunk: ModelChunk): boolean {
  return chunk.type === "text" || chunk.type === "reasoning" || chunk.type === "tool_arguments";
}

function withinLimit(chunks: ModelChunk[], limit = Infinity): ModelChunk[] {
  let words = 0;
  const end = chunks.findIndex((chunk) => isWord(chunk) && ++words > limit);
  return end === -1 ? chunks : chunks.slice(0, end);
}

function usageOf(request: ModelRequest, chunks: readonly ModelChunk[]): wire.ResponseUsage {
  const input = countInput(request);
  const output = chunks.filter(isWord).length;
  const reasoning = chunks.filter((chunk) => chunk.type === "reasoning").length;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
