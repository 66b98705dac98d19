import type { ModelChunk } from "../../../core/index.ts";
import { ChatReader, defaultQuirks } from "../../../plugins/dialect-chat/index.ts";
import { fixtureBytes } from "../../helpers/chat-server.ts";

const options = { maxEventBytes: 1_000_000 };

/** The chunks of a recorded stream, or of bytes, in reads of `size` bytes. */
export function read(from: string | Buffer, size = Number.POSITIVE_INFINITY): ModelChunk[] {
  const bytes = typeof from === "string" ? fixtureBytes(from) : from;
  const reader = new ChatReader(defaultQuirks, options);
  const chunks: ModelChunk[] = [];
  for (let at = 0; at < bytes.length; at += size) reader.read([bytes.subarray(at, at + size)], chunks);
  reader.end(chunks);
  return chunks;
}

/** What came before the error, and the error. */
export function broken(bytes: Buffer): { chunks: ModelChunk[]; error: unknown } {
  const reader = new ChatReader(defaultQuirks, options);
  const chunks: ModelChunk[] = [];
  try {
    reader.read([bytes], chunks);
    reader.end(chunks);
  } catch (error) {
    return { chunks, error };
  }
  throw new Error("the stream was expected to be broken");
}

export function joined(chunks: readonly ModelChunk[], type: "text" | "reasoning" | "refusal"): string {
  return chunks.map((chunk) => (chunk.type === type ? chunk.text : "")).join("");
}

export interface Summary {
  text?: string;
  reasoning?: string;
  refusal?: string;
  annotations?: string[];
  calls?: { name: string; callId?: string; args: string }[];
  usage?: [input: number, output: number];
  finish?: string;
}

/** What a client would make of the chunks; keys only for what there was. */
export function summary(chunks: readonly ModelChunk[]): Summary {
  const result: Summary = {};
  const calls = new Map<number, { name: string; callId?: string; args: string }>();
  for (const chunk of chunks) {
    if (chunk.type === "text" || chunk.type === "reasoning" || chunk.type === "refusal")
      result[chunk.type] = (result[chunk.type] ?? "") + chunk.text;
    else if (chunk.type === "tool_call")
      calls.set(chunk.index, {
        name: chunk.name,
        ...(chunk.callId === undefined ? {} : { callId: chunk.callId }),
        args: "",
      });
    else if (chunk.type === "tool_arguments") {
      const call = calls.get(chunk.index);
      if (!call) throw new Error(`arguments for call ${chunk.index}, which has not begun`);
      call.args += chunk.delta;
    } else if (chunk.type === "annotation" && "url" in chunk.annotation)
      result.annotations = [...(result.annotations ?? []), chunk.annotation.url];
    else if (chunk.type === "usage") result.usage = [chunk.usage.input_tokens, chunk.usage.output_tokens];
    else if (chunk.type === "finish") result.finish = chunk.reason;
  }
  if (calls.size > 0) result.calls = [...calls.values()];
  return result;
}
