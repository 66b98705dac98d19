/** Items of a conversation, and what becomes of them as the body of a chat request. */
import type { InTurn, ModelItem, ModelRequest } from "../../../core/index.ts";
import { type ChatQuirks, toChatRequest, withQuirks } from "../../../plugins/dialect-chat/index.ts";

export const user = (content: string): InTurn<ModelItem> => ({ item: { role: "user", content } });
export const message = (role: "system" | "developer" | "assistant", content: string): InTurn<ModelItem> => ({
  item: { role, content },
});
export const call = (call_id: string, name: string, turn?: number): InTurn<ModelItem> => ({
  item: { type: "function_call", call_id, name, arguments: "{}" },
  ...(turn === undefined ? {} : { turn }),
});
export const output = (call_id: string, text: string): InTurn<ModelItem> => ({
  item: { type: "function_call_output", call_id, output: text },
});
export const thought = (text: string, turn?: number): InTurn<ModelItem> => ({
  item: { type: "reasoning", id: "rs_1", summary: [], content: [{ type: "reasoning_text", text }] },
  ...(turn === undefined ? {} : { turn }),
});
export const said = (text: string, turn: number): InTurn<ModelItem> => ({
  item: {
    type: "message",
    id: "msg_1",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
  },
  turn,
});
export const chatCall = (id: string, name: string) => ({
  id,
  type: "function",
  function: { name, arguments: "{}" },
});
export const result = (id: string, content: unknown) => ({ role: "tool", tool_call_id: id, content });

export const weather = { name: "weather", parameters: { type: "object" } };
export const clock = {
  name: "clock",
  description: "The time.",
  parameters: { type: "object" },
  strict: true,
};

export function convert(fields: Partial<ModelRequest>, quirks: Partial<ChatQuirks> = {}, server?: string) {
  const warnings: string[] = [];
  const request: ModelRequest = {
    model: "m",
    items: [user("hi")],
    tools: [],
    toolChoice: { mode: "auto" },
    stream: false,
    passthrough: {},
    ...fields,
  };
  const body = toChatRequest(request, withQuirks(quirks), (warning) => warnings.push(warning), server);
  return { body, warnings, messages: body.messages };
}
