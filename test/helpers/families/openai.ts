import { openai as plugin } from "../../../plugins/upstream-openai/index.ts";
import type { Family } from "./family.ts";
import {
  callsAnswered,
  onlyParts,
  type Rule,
  streamOptionsNeedStream,
  topLogprobsNeedLogprobs,
} from "./rules.ts";
import { inPieces, sayer } from "./sayer.ts";

const READS = [
  ...["model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls"],
  ...["temperature", "top_p", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"],
  ...["max_completion_tokens", "response_format", "reasoning_effort", "verbosity", "metadata", "store"],
  ...["user", "safety_identifier", "service_tier", "prompt_cache_key", "prompt_cache_retention"],
  "prompt_cache_options",
];
const READS_OF_MESSAGES = ["role", "content", "tool_calls", "tool_call_id", "name", "refusal"];

const onlyKnown: Rule = (body) => {
  if (body.max_tokens !== undefined)
    return "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  const unknown = Object.keys(body).find((field) => !READS.includes(field));
  if (unknown !== undefined) return `Unknown parameter: '${unknown}'.`;
  for (const message of body.messages)
    for (const field of Object.keys(message))
      if (!READS_OF_MESSAGES.includes(field)) return `Unknown parameter: 'messages.${field}'.`;
  return undefined;
};

const metadataNeedsStore: Rule = ({ metadata, store }) =>
  metadata && !store ? "The 'metadata' parameter is only allowed when 'store' is enabled." : undefined;

const imagesFromUsers: Rule = ({ messages }) =>
  messages.some(
    ({ role, content }: { role: string; content: unknown }) =>
      role !== "user" && Array.isArray(content) && content.some((part) => part.type === "image_url"),
  )
    ? "Image URLs are only allowed for messages with role 'user'."
    : undefined;

const needsKey: Rule = (_, { authorization }) =>
  authorization === undefined ? "You didn't provide an API key." : undefined;

let chunks = 0;

export const openai: Family = {
  name: "openai",
  folder: "upstream-openai",
  plugin: (options) => plugin({ apiKey: "test-key", ...options }),
  usual: "https://api.openai.com/v1",
  reads: READS,
  readsOfMessages: READS_OF_MESSAGES,
  rules: [
    needsKey,
    onlyKnown,
    metadataNeedsStore,
    callsAnswered,
    streamOptionsNeedStream,
    topLogprobsNeedLogprobs,
    onlyParts("text", "image_url", "input_audio", "file", "refusal"),
    imagesFromUsers,
  ],
  refusal: (message) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
  imageRefusal: {
    status: 400,
    body: {
      error: {
        message: "Invalid content type. image_url is only supported by certain models.",
        type: "invalid_request_error",
        param: "messages.[3].content.[1].type",
        code: null,
      },
    },
  },
  says: sayer({
    base: {
      id: "chatcmpl-C9def",
      object: "chat.completion.chunk",
      created: 1793800200,
      model: "test-model",
      service_tier: "default",
      system_fingerprint: "fp_51e1070cf2",
    },
    opening: [{ role: "assistant", content: "", refusal: null }],
    calls: inPieces,
    beside: () => ({ usage: null, obfuscation: "x".repeat(chunks++ % 7) }),
  }),
  reasoningField: undefined,
  thinkTags: false,
  roles: "kept",
  streams: {
    openai: { text: "The answer is 42.", usage: [1024, 6] },
    "openai-parallel-calls": {
      calls: [
        ["get_weather", { city: "Paris" }],
        ["get_weather", { city: "Rome" }],
      ],
      usage: [90, 50],
    },
    "openai-refusal": { refusal: "I'm sorry, no.", usage: [79, 10] },
    "openai-reasoning-tokens": { text: "Forty two.", usage: [12, 70] },
  },
  wholes: {
    "openai-calls": {
      calls: [
        ["get_weather", { city: "Paris" }],
        ["get_weather", { city: "Rome" }],
      ],
      usage: [60, 45],
    },
  },
  breaking: "error-after-200-openai",
  errors: {
    "openai-error-key": {
      status: 401,
      code: "invalid_api_key",
      message: "Incorrect API key provided: [redacted]",
    },
    "openai-error-quota": { status: 429, code: "insufficient_quota", message: "current quota" },
    "openai-error-context": { status: 400, code: "context_length_exceeded", message: "128000 tokens" },
    "openai-error-parameter": { status: 400, code: "unsupported_value", message: "'temperature'" },
  },
};
