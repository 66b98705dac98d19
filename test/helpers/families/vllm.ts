import { vllm as plugin } from "../../../plugins/upstream-vllm/index.ts";
import type { Family } from "./family.ts";
import {
  callsAnswered,
  noDeveloper,
  onlyParts,
  streamOptionsNeedStream,
  systemFirst,
  topLogprobsNeedLogprobs,
} from "./rules.ts";
import { inPieces, sayer } from "./sayer.ts";

const PARIS: [string, object] = ["get_weather", { city: "Paris" }];

export const vllm: Family = {
  name: "vllm",
  folder: "upstream-vllm",
  plugin: (options) => plugin(options),
  usual: "http://127.0.0.1:8000/v1",
  reads: [
    ...["model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls"],
    ...["temperature", "top_p", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"],
    ...["max_tokens", "max_completion_tokens", "response_format", "structured_outputs", "reasoning_effort"],
  ],
  // `reasoning_content` was not read by the versions between its renaming and the alias for it.
  readsOfMessages: ["role", "content", "reasoning", "tool_calls", "tool_call_id"],
  rules: [
    systemFirst,
    noDeveloper,
    callsAnswered,
    streamOptionsNeedStream,
    topLogprobsNeedLogprobs,
    onlyParts("text", "image_url", "video_url", "audio_url", "input_audio"),
  ],
  refusal: (message) => ({ error: { message, type: "BadRequestError", param: null, code: 400 } }),
  imageRefusal: {
    status: 400,
    body: {
      error: {
        message: "test-model is not a multimodal model",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
    },
  },
  says: sayer({
    base: {
      id: "chatcmpl-0f1e2d3c",
      object: "chat.completion.chunk",
      created: 1793800000,
      model: "test-model",
    },
    opening: [{ role: "assistant", content: "" }],
    reasoningField: "reasoning",
    calls: inPieces,
  }),
  reasoningField: "reasoning",
  thinkTags: true,
  roles: "merged",
  streams: {
    "vllm-hermes": {
      text: "Let me look.",
      calls: [PARIS, ["get_time", { zone: "CET" }]],
      usage: [210, 45],
    },
    "vllm-llama3-json": { calls: [PARIS], usage: [180, 19] },
    "vllm-mistral": {
      text: "I will ask both.",
      calls: [PARIS, ["get_time", { zone: "CET" }]],
      usage: [150, 31],
    },
    "vllm-deepseek": {
      reasoning: "Two cities, two calls.",
      text: "\n\n",
      calls: [PARIS, ["get_weather", { city: "Rome" }]],
      usage: [233, 52],
    },
    "vllm-qwen3-coder": {
      calls: [
        ["get_weather", { city: "Paris", days: 3 }],
        ["get_time", {}],
      ],
      usage: [301, 40],
    },
    "vllm-harmony": {
      reasoning: "User wants the weather.",
      text: "Let me check.",
      calls: [PARIS],
      usage: [140, 44],
    },
    "vllm-shared-index": { calls: [PARIS, ["get_weather", { city: "Rome" }]], usage: [200, 40] },
    "vllm-nameless-tail": { calls: [["get_weather", { city: "Oslo" }]], usage: [180, 20] },
    "vllm-reasoning": { reasoning: "\nOne and one is two.\n", text: "\n\nTwo.", usage: [21, 17] },
    "vllm-reasoning-both-names": { reasoning: "One and one is two.", text: "Two.", usage: [21, 15] },
    "think-tags": { reasoning: "Let me see: 1 < 2.\n", text: "One is less.", usage: [30, 20] },
  },
  wholes: { "vllm-reasoning-call": { reasoning: "The weather, then.", calls: [PARIS], usage: [166, 33] } },
  breaking: "error-after-200-vllm",
  errors: {
    "vllm-error-old-envelope": { status: 400, code: null, message: "at the beginning" },
    "vllm-error-context": { status: 400, code: "context_length_exceeded", message: "4096 tokens" },
    "vllm-error-model": { status: 404, code: "model_not_found", message: "`nope` does not exist" },
    "vllm-error-key": { status: 401, message: "Unauthorized" },
  },
};
