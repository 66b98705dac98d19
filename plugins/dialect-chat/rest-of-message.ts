import type { ModelChunk } from "../../core/index.ts";
import type { ChatDelta } from "./chat-types.ts";

/** The members of a message, by the kind of chunk that they become. */
const MEMBERS: readonly (readonly [kind: ModelChunk["type"], members: readonly string[]])[] = [
  ["text", ["content"]],
  ["reasoning", ["reasoning", "reasoning_content", "reasoning_details"]],
  ["refusal", ["refusal"]],
  ["annotation", ["annotations"]],
  ["tool_call", ["tool_calls", "function_call"]],
];

/** What a whole message at the end of a stream says that its deltas, of the kinds `told`, have not said. */
export function restOfMessage(message: ChatDelta, told: ReadonlySet<ModelChunk["type"]>): ChatDelta {
  const rest = { ...message };
  for (const [kind, members] of MEMBERS)
    if (told.has(kind)) for (const member of members) delete rest[member];
  return rest;
}
