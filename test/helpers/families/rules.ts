/** What model servers refuse. */

/** Why a server refuses a request; `undefined` if this rule has nothing against it. */
// biome-ignore lint/suspicious/noExplicitAny: a request body, as it came.
export type Rule = (body: any, headers: Record<string, unknown>) => string | undefined;

/** As chat templates raise it: Qwen, Mistral, Gemma and many others. */
export const systemFirst: Rule = ({ messages }) =>
  messages.slice(1).some(({ role }: Message) => role === "system")
    ? "System message must be at the beginning."
    : undefined;

/** As chat templates raise it for any role that they do not know. */
export const noDeveloper: Rule = ({ messages }) =>
  messages.some(({ role }: Message) => role === "developer") ? "Unexpected message role." : undefined;

/** Calls are answered right behind their message, and no assistant message follows another. */
export const callsAnswered: Rule = ({ messages }) => {
  for (let i = 0; i < messages.length; i += 1) {
    const { role, tool_calls: calls = [] } = messages[i];
    if (role !== "assistant") continue;
    const results = messages.slice(i + 1, i + 1 + calls.length).map((each: Message) => each.tool_call_id);
    if (calls.some(({ id }: { id: string }, at: number) => results[at] !== id))
      return "An assistant message with 'tool_calls' must be followed by tool messages responding to each.";
    if (messages[i + 1]?.role === "assistant") return "Conversation roles must alternate.";
  }
  return undefined;
};

export const streamOptionsNeedStream: Rule = (body) =>
  body.stream_options && !body.stream ? "Stream options can only be defined when `stream=True`." : undefined;

export const topLogprobsNeedLogprobs: Rule = (body) =>
  body.top_logprobs !== undefined && !body.logprobs
    ? "top_logprobs requires logprobs to be set to true"
    : undefined;

/** Content parts of other types. */
export const onlyParts =
  (...types: string[]): Rule =>
  ({ messages }) => {
    const other = messages
      .flatMap(({ content }: Message) => (Array.isArray(content) ? content : []))
      .find((part: { type: string }) => !types.includes(part.type));
    return other && `unsupported content[].type: ${other.type}`;
  };

export const onlyEfforts =
  (...efforts: string[]): Rule =>
  ({ reasoning_effort: effort }) =>
    effort !== undefined && !efforts.includes(effort) ? `invalid reasoning value: '${effort}'` : undefined;

interface Message {
  role: string;
  content?: unknown;
  tool_call_id?: string;
}
