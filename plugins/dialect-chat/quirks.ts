import { z } from "zod";

const PASSTHROUGH = [
  "metadata",
  "user",
  "safety_identifier",
  "service_tier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "prompt_cache_options",
] as const;

/** How one chat-completions server differs from another. The defaults suit a server that nothing is known of. */
const quirksSchema = z.strictObject({
  /** Whether the server knows the `developer` role; "system" sends such messages as system messages. */
  developerRole: z.enum(["keep", "system"]),
  /**
   * System (and kept developer) messages: "merge" makes them one at the start, which every chat template
   * takes; "first" moves them there one by one; "keep" leaves them where they are.
   */
  systemMessages: z.enum(["merge", "first", "keep"]),
  /** The name of the limit of output tokens. */
  maxTokens: z.enum(["max_tokens", "max_completion_tokens"]),
  /** Whether `stream_options.include_usage` may be sent. Without it many servers stream no usage. */
  includeUsage: z.boolean(),
  /** Whether text that starts with `<think>` is reasoning up to `</think>`. Reasoning fields are always read. */
  thinkTags: z.boolean(),
  /** With which assistant messages reasoning goes back to the model, as `reasoning_content`. */
  sendReasoning: z.enum(["tool-calls", "always", "never"]),
  /** How far the server holds to a JSON schema; "none": it has no `response_format`. */
  structuredOutput: z.enum(["json_schema", "json_object", "none"]),
  /** "none": requests with images are refused with 400. */
  images: z.enum(["image_url", "none"]),
  /** Where images of tool outputs go: a user message that follows, or the tool message itself. */
  toolImages: z.enum(["user-message", "tool-message"]),
  /** Whether `logprobs` and `top_logprobs` may be sent. */
  logprobs: z.boolean(),
  /** Whether `parallel_tool_calls` may be sent. */
  parallelToolCalls: z.boolean(),
  /** Whether `strict` of functions may be sent. */
  strictTools: z.boolean(),
  /** Whether `reasoning.effort` is sent as `reasoning_effort`. */
  reasoningEffort: z.boolean(),
  /** Whether `text.verbosity` is sent as `verbosity`. */
  verbosity: z.boolean(),
  /** Parameters sent as they came. */
  passthrough: z.array(z.enum(PASSTHROUGH)).readonly(),
});

/** How one chat-completions server differs from another. */
export type ChatQuirks = z.output<typeof quirksSchema>;

/** Some of the quirks, as a configuration overrides them. */
export const partialQuirksSchema = quirksSchema.partial();

export const defaultQuirks: ChatQuirks = {
  developerRole: "system",
  systemMessages: "merge",
  maxTokens: "max_tokens",
  includeUsage: true,
  thinkTags: true,
  sendReasoning: "tool-calls",
  structuredOutput: "json_schema",
  images: "image_url",
  toolImages: "user-message",
  logprobs: true,
  parallelToolCalls: true,
  strictTools: true,
  reasoningEffort: true,
  verbosity: false,
  passthrough: ["user"],
};

/** `undefined` entries of `overrides` leave the default. */
export function withQuirks(
  overrides: { [K in keyof ChatQuirks]?: ChatQuirks[K] | undefined } = {},
): ChatQuirks {
  const quirks: Record<string, unknown> = { ...defaultQuirks };
  for (const [name, value] of Object.entries(overrides)) if (value !== undefined) quirks[name] = value;
  return quirks as unknown as ChatQuirks;
}
