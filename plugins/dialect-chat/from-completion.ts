import { type ModelChunk, UpstreamError } from "../../core/index.ts";
import { createChatDecoder, type DecoderOptions } from "./chat-decoder.ts";
import type { ChatChunk } from "./chat-types.ts";
import type { ChatQuirks } from "./quirks.ts";

/** The chunks of an unstreamed body. @throws UpstreamError when it is an error, or not a completion */
export function fromCompletion(
  body: ChatChunk,
  quirks: ChatQuirks,
  options: DecoderOptions = {},
): ModelChunk[] {
  const out: ModelChunk[] = [];
  const decoder = createChatDecoder(quirks, options);
  decoder.push(body, out);
  if (!body.choices?.[0]) throw new UpstreamError(502, "the model server answered without a choice");
  decoder.end(true, out);
  return out;
}
