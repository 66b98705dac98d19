import { openaiCompatible as plugin } from "../../../plugins/upstream-openai-compatible/index.ts";
import type { Family } from "./family.ts";
import { callsAnswered, noDeveloper, onlyParts, streamOptionsNeedStream, systemFirst } from "./rules.ts";
import { inPieces, sayer } from "./sayer.ts";

/** Servers that nothing is known of; the manner is DeepSeek's. */
export const compatible: Family = {
  name: "openai-compatible",
  folder: "upstream-openai-compatible",
  // biome-ignore lint/suspicious/noExplicitAny: without baseUrl it is refused, which is tested.
  plugin: (options) => plugin(options as any),
  usual: undefined,
  reads: [
    ...["model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls"],
    ...["temperature", "top_p", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"],
    ...["max_tokens", "response_format", "reasoning_effort", "user"],
  ],
  readsOfMessages: ["role", "content", "reasoning_content", "tool_calls", "tool_call_id"],
  rules: [
    systemFirst,
    noDeveloper,
    callsAnswered,
    streamOptionsNeedStream,
    onlyParts("text", "image_url", "file"),
  ],
  refusal: (message) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
  imageRefusal: {
    status: 400,
    body: {
      error: {
        message:
          "Failed to deserialize the JSON body into the target type: messages[3]: unknown variant `image_url`, expected `text` at line 1 column 460",
        type: "invalid_request_error",
        param: null,
        code: "invalid_request_error",
      },
    },
  },
  says: sayer({
    base: { id: "3f1c-deep", object: "chat.completion.chunk", created: 1793800400, model: "test-model" },
    opening: [{ role: "assistant", content: null, reasoning_content: "" }],
    reasoningField: "reasoning_content",
    calls: inPieces,
  }),
  reasoningField: "reasoning_content",
  thinkTags: true,
  roles: "merged",
  streams: {
    deepseek: { reasoning: "Okay, two and two.", text: "4.\n", usage: [20, 10] },
    "deepseek-call": {
      reasoning: "Ask for Paris.",
      calls: [["get_weather", { city: "Paris" }]],
      usage: [310, 60],
    },
    openrouter: { reasoning: "Hm, so be it.", text: "Yes indeed.", usage: [15, 9] },
    crlf: { text: "A bé!", usage: [3, 3] },
  },
  wholes: {},
  breaking: "error-after-200",
  errors: {
    "deepseek-error-balance": { status: 400, code: null, message: "Insufficient Balance" },
    "deepseek-error-busy": { status: 502, code: null, message: "overloaded" },
  },
};
