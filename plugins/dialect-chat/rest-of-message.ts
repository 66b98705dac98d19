import type { ModelChunk } from "../../core/index.ts";
import type { ChatDelta } from "./chat-types.ts";

/** The fields of a message that become each kind of chunk. */
const MEMBERS: readonly (readonly [kind: ModelChunk["type"], members: readonly string[]])[] = [
  ["text", ["content"]],
  ["reasoning", ["reasoning", "reasoning_content", "reasoning_details"]],
  ["refusal", ["refusal"]],
  ["annotation", ["annotations"]],
  ["tool_call", ["tool_calls", "function_call"]],
];

/** The parts of a whole message at the end of a stream that the deltas, which had the kinds `told`, did not send. */
export function restOfMessage(message: ChatDelta, sent: ReadonlySet<ModelChunk["type"]>): ChatDelta {
  const rest = { ...message };
  for (const [kind, members] of MEMBERS)
    if (sent.has(kind)) for (const member of members) delete rest[member];
  return rest;
}
