import { z } from "zod";

/** Parameters of a request that a server may lack, as the Responses API names them. */
const PARAMETERS = [
  "max_output_tokens",
  "temperature",
  "top_p",
  "frequency_penalty",
  "presence_penalty",
  "top_logprobs",
  "tool_choice",
  "parallel_tool_calls",
  "tools.strict",
  "reasoning.effort",
  "text.format",
  "text.verbosity",
] as const;

export type ChatParameter = (typeof PARAMETERS)[number];

const PASSTHROUGH = [
  "metadata",
  "user",
  "safety_identifier",
  "service_tier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "prompt_cache_options",
] as const;

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

/** Fields of the conversation, its tools or the answer. Sent as extra parameters, they would bypass guardrails. */
const OWN_FIELDS = new Set([
  ...["model", "messages", "prompt", "input", "instructions", "previous_input_messages", "previous_response"],
  ...["previous_response_id", "conversation", "tools", "tool_choice", "functions", "function_call", "n"],
  ...["stream", "stream_options", "response_format", "store", "background", "chat_template"],
]);

/** How one chat-completions server differs from another. The defaults suit an unknown server. */
const quirksSchema = z.strictObject({
  /** Whether the server knows the `developer` role; "system" sends such messages as system messages. */
  developerRole: z.enum(["keep", "system"]),
  /**
   * What happens with system messages, and developer messages that are kept. "merge" joins them into one at the start,
   * which every chat template accepts. "first" moves each of them to the start. "keep" leaves them where they are.
   */
  systemMessages: z.enum(["merge", "first", "keep"]),
  /** The name of the limit of output tokens. */
  maxTokens: z.enum(["max_tokens", "max_completion_tokens"]),
  /** Whether `stream_options.include_usage` may be sent. Without it many servers stream no usage. */
  includeUsage: z.boolean(),
  /**
   * Whether text that starts with `<think>` is reasoning up to `</think>`; "opened" for models whose chat
   * template has written `<think>` already, so that all text is reasoning up to `</think>`. Reasoning fields
   * are always read.
   */
  thinkTags: z.union([z.boolean(), z.literal("opened")]),
  /** With which assistant messages reasoning goes back to the model. */
  sendReasoning: z.enum(["tool-calls", "always", "never"]),
  /** The field of an assistant message in which reasoning goes back. */
  reasoningField: z.enum(["reasoning_content", "reasoning"]),
  /** Whether messages that carry reasoning back have that field even if there was no reasoning. */
  emptyReasoning: z.boolean(),
  /** The ids of tool calls: unchanged, or nine letters and digits, for servers that take no others. */
  callIds: z.enum(["as-given", "nine-characters"]),
  /**
   * How a JSON schema is sent. "json_schema": OpenAI's `response_format`. "structured_outputs" and "guided_json":
   * vLLM's own forms. "format": Ollama's own form. "json_object": the server gives JSON but supports no schemas, so
   * the schema is written into the instructions.
   */
  structuredOutput: z.enum(["json_schema", "structured_outputs", "guided_json", "format", "json_object"]),
  /**
   * Which images the server takes: "image_url" by URL or as data, "data_url" only as data. Any other image is refused
   * with 400 in a message. In the output of a tool it becomes a text, with a warning.
   */
  images: z.enum(["image_url", "data_url", "none"]),
  /** `image_url` of a content part: an object with `url` and `detail`, or the URL itself. */
  imageForm: z.enum(["object", "string"]),
  /** Where images of tool outputs go: into a user message that follows, or into the tool message itself. */
  toolImages: z.enum(["user-message", "tool-message"]),
  /** Whether the server takes files; they are refused with 400 otherwise. */
  files: z.boolean(),
  /**
   * Which functions are sent as strict. "when-true": those that the client marks as strict. "unless-false": also those
   * that it does not mark and whose schema is closed, for servers that follow only strict schemas.
   */
  strictTools: z.enum(["when-true", "unless-false"]),
  /** Whether tools are sent even if none may be called, so that the server's prompt cache still fits. */
  toolsWithNone: z.boolean(),
  /**
   * How one function is forced: by its name, or, for servers that take `tool_choice` only as a word, by "required"
   * with no other function shown.
   */
  forcedFunction: z.enum(["by-name", "required"]),
  /** When `parallel_tool_calls` is sent: only if it is false, or always. */
  parallelToolCalls: z.enum(["false-only", "as-given"]),
  /** Whether a stream with tools may have log probabilities. */
  logprobsInToolStreams: z.boolean(),
  /** How `reasoning.effort` is sent: as `reasoning_effort`, to the chat template, or both. */
  reasoningEffort: z.enum(["parameter", "template", "both"]),
  /** The values of `reasoning.effort` that the server knows; others are left out with a warning. */
  efforts: z.array(z.enum(EFFORTS)).readonly(),
  /** What happens with a parameter: sent (the default), left out with a warning, or refused with 400. */
  parameters: z.partialRecord(z.enum(PARAMETERS), z.enum(["send", "drop", "refuse"])),
  /**
   * `anyOf`, `oneOf` and `allOf` at the top of a function's parameters: "merge" turns them into one object, "keep" is
   * for servers that take them.
   */
  rootUnions: z.enum(["merge", "keep"]),
  /** Schemas that allow anything: "keep" sends them without a type, "all-types" is for servers that need one. */
  untypedSchemas: z.enum(["keep", "all-types"]),
  /**
   * With `api: "responses"`: what the server calls an answer that it cut off at `max_output_tokens`. If that is
   * "completed", an answer with as many tokens counts as cut off.
   */
  cutAnswers: z.enum(["incomplete", "completed"]),
  /** With `api: "responses"`, replaces `parameters`. Parameters are sent by default. */
  nativeParameters: z.partialRecord(z.enum(PARAMETERS), z.enum(["send", "drop", "refuse"])),
  /**
   * Parameters beyond the API's that the server takes, sent unchanged; others are ignored with a warning. Fields that
   * vr itself writes, such as `messages` or `tools`, are not allowed here.
   */
  passExtra: z
    .array(z.string().regex(/^[\w.-]{1,64}$/))
    .refine((names) => !names.some((name) => OWN_FIELDS.has(name)), "names a field that only vr may write")
    .readonly(),
  /** The server's names for parameters of `passExtra`, if they differ. */
  extraNames: z
    .record(z.string(), z.string())
    .refine(
      (names) => !Object.values(names).some((name) => OWN_FIELDS.has(name)),
      "names a field that only vr may write",
    ),
  /** With `api: "responses"`, whether the server takes `frequency_penalty` and `presence_penalty`. */
  nativePenalties: z.boolean(),
  /** Parameters sent unchanged. The others are for the client's records, and left out without a warning. */
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
  emptyReasoning: false,
  callIds: "as-given",
  reasoningField: "reasoning_content",
  structuredOutput: "json_schema",
  images: "image_url",
  imageForm: "object",
  toolImages: "user-message",
  files: true,
  strictTools: "when-true",
  toolsWithNone: false,
  forcedFunction: "by-name",
  parallelToolCalls: "false-only",
  logprobsInToolStreams: true,
  reasoningEffort: "parameter",
  efforts: EFFORTS,
  parameters: { "text.verbosity": "drop" },
  rootUnions: "merge",
  untypedSchemas: "keep",
  cutAnswers: "incomplete",
  nativeParameters: {},
  passExtra: [],
  extraNames: {},
  nativePenalties: false,
  passthrough: ["user"],
};

type Overrides = { [K in keyof ChatQuirks]?: ChatQuirks[K] | undefined };

/** The defaults, overridden by these layers; later layers override earlier ones. Parameters are merged one by one. */
export function withQuirks(...layers: readonly Overrides[]): ChatQuirks {
  type Parameters = Pick<ChatQuirks, "parameters" | "nativeParameters">;
  const quirks: Record<string, unknown> & Parameters = { ...defaultQuirks };
  for (const layer of layers)
    for (const [name, value] of Object.entries(layer)) {
      if (name === "parameters" || name === "nativeParameters")
        quirks[name] = { ...quirks[name], ...layer[name] };
      else if (value !== undefined) quirks[name] = value;
    }
  return quirks as unknown as ChatQuirks;
}
