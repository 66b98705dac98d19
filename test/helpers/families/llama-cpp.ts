import { llamaCpp as plugin } from "../../../plugins/upstream-llama-cpp/index.ts";
import type { Family, Told } from "./family.ts";
import {
  callsAnswered,
  noDeveloper,
  onlyParts,
  type Rule,
  systemFirst,
  topLogprobsNeedLogprobs,
} from "./rules.ts";
import { inPieces, sayer } from "./sayer.ts";

const noLogprobsInToolStreams: Rule = ({ logprobs, stream, tools }) =>
  logprobs && stream && tools ? "logprobs is not supported with tools + stream" : undefined;

/** A real model's words, streamed and not; see test/e2e/real-model. */
const RECORDED: Record<string, Told> = {
  "llama-cpp-text": { text: "The capital of France is Paris.", usage: [27, 8] },
  "llama-cpp-reasoning": {
    reasoning: "The capital of France is Paris.\n",
    text: "Paris is the largest city in France and the capital of the 21st largest country in the world.",
    usage: [98, 36],
  },
  "llama-cpp-function-call": { calls: [["get_weather", { city: "Paris" }]], usage: [277, 32] },
  "llama-cpp-parallel-calls": {
    calls: [
      ["clock", { city: "Rome" }],
      ["clock", { city: "Paris" }],
    ],
    usage: [278, 58],
  },
  "llama-cpp-think-call": {
    reasoning: "A beautiful day. I call Paris. I call Paris.\n",
    calls: [["get_weather", { city: "Paris" }]],
    usage: [237, 49],
  },
};

export const llamaCpp: Family = {
  name: "llama-cpp",
  folder: "upstream-llama-cpp",
  plugin: (options) => plugin(options),
  usual: "http://127.0.0.1:8080/v1",
  reads: [
    ...["model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls"],
    ...["temperature", "top_p", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"],
    ...["max_tokens", "response_format", "reasoning_effort", "chat_template_kwargs", "reasoning_format"],
    ...["top_k", "min_p", "seed", "stop", "repeat_penalty", "logit_bias", "ignore_eos"],
  ],
  readsOfMessages: ["role", "content", "reasoning_content", "tool_calls", "tool_call_id"],
  // An object is taken for "auto".
  ignores: ({ tool_choice: choice }) => (typeof choice === "object" ? ["tool_choice"] : []),
  rules: [
    systemFirst,
    noDeveloper,
    callsAnswered,
    topLogprobsNeedLogprobs,
    noLogprobsInToolStreams,
    onlyParts("text", "image_url", "input_audio"),
  ],
  refusal: (message) => ({ error: { code: 400, message, type: "invalid_request_error" } }),
  imageRefusal: {
    status: 500,
    body: {
      error: {
        code: 500,
        message:
          "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        type: "server_error",
      },
    },
  },
  says: sayer({
    base: {
      created: 1793800300,
      id: "chatcmpl-aYp0",
      model: "test-model",
      system_fingerprint: "b11549",
      object: "chat.completion.chunk",
    },
    opening: [{ role: "assistant", content: null }],
    reasoningField: "reasoning_content",
    calls: inPieces,
  }),
  reasoningField: "reasoning_content",
  thinkTags: true,
  roles: "merged",
  streams: RECORDED,
  wholes: RECORDED,
  breaking: "error-after-200-llama-cpp",
  errors: {
    "llama-cpp-error-bad-arguments": {
      status: 400,
      code: null,
      message: "Failed to parse tool call arguments",
    },
    "llama-cpp-error-image": { status: 400, code: null, message: "image input is not supported" },
    "llama-cpp-error-context-overflow": {
      status: 400,
      code: "context_length_exceeded",
      message: "available context size",
    },
    "llama-cpp-error-bad-schema": {
      status: 400,
      code: null,
      message: "unrecognized type",
    },
    "llama-cpp-error-loading": { status: 502, code: null, message: "Loading model" },
  },
};
