import { ollama as plugin } from "../../../plugins/upstream-ollama/index.ts";
import type { Family } from "./family.ts";
import { callsAnswered, onlyEfforts, onlyParts, type Rule } from "./rules.ts";
import { sayer } from "./sayer.ts";

const PARIS: [string, object] = ["get_weather", { city: "Paris" }];
const ROME: [string, object] = ["get_weather", { city: "Rome" }];

/** It does not load images. */
const onlyData: Rule = ({ messages }) => {
  for (const { content } of messages)
    for (const part of Array.isArray(content) ? content : [])
      if (part.type === "image_url") {
        const url = typeof part.image_url === "string" ? part.image_url : part.image_url.url;
        if (!/^data:(image\/(jpeg|jpg|png|webp))?;base64,/.test(url)) return "invalid image input";
      }
  return undefined;
};

const contentUnlessCalls: Rule = ({ messages }) =>
  messages.some(
    (each: { content: unknown; tool_calls?: unknown }) => each.content === null && !each.tool_calls,
  )
    ? "invalid message content type: <nil>"
    : undefined;

export const ollama: Family = {
  name: "ollama",
  folder: "upstream-ollama",
  plugin: (options) => plugin(options),
  usual: "http://127.0.0.1:11434/v1",
  reads: [
    ...["model", "messages", "stream", "stream_options", "tools", "response_format", "max_tokens"],
    ...["temperature", "top_p", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"],
    ...["reasoning_effort", "reasoning"],
  ],
  readsOfMessages: ["role", "content", "reasoning", "tool_calls", "tool_call_id", "name"],
  // A role that a model's template does not know is left out of the prompt.
  ignores: ({ messages }) =>
    messages.flatMap(({ role }: { role: string }, i: number) =>
      role === "developer" || (role === "system" && i > 0) ? [`messages[${i}]`] : [],
    ),
  rules: [
    callsAnswered,
    onlyParts("text", "image_url"),
    onlyData,
    contentUnlessCalls,
    onlyEfforts("high", "medium", "low", "max", "none"),
  ],
  refusal: (message) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
  imageRefusal: {
    status: 500,
    body: {
      error: {
        message:
          "Failed to create new sequence: failed to process inputs: this model is missing data required for image input",
        type: "api_error",
        param: null,
        code: null,
      },
    },
  },
  says: sayer({
    base: {
      id: "chatcmpl-417",
      object: "chat.completion.chunk",
      created: 1793800100,
      model: "test-model",
      system_fingerprint: "fp_ollama",
    },
    opening: [],
    each: { role: "assistant", content: "" },
    reasoningField: "reasoning",
    // Each whole in one delta, and all of them with index 0.
    calls: (calls) => calls.map((call) => ({ tool_calls: [{ ...call, index: 0 }] })),
  }),
  reasoningField: "reasoning",
  thinkTags: true,
  roles: "merged",
  streams: {
    "ollama-text": { text: 'Hi there, wie  geht’s 👋?\n"Gut".', usage: [12, 8] },
    ollama: { calls: [PARIS, ROME], usage: [190, 36] },
    "ollama-reasoning-call": { reasoning: "Paris it is.", calls: [PARIS, ROME], usage: [171, 88] },
    "ollama-think-tags": { reasoning: "One and one.\n", text: "Two.", usage: [9, 12] },
  },
  wholes: { "ollama-reasoning": { reasoning: "One and one.", text: "Two.", usage: [15, 9] } },
  breaking: "error-after-200-ollama",
  errors: {
    "ollama-error-bad-arguments": {
      status: 400,
      code: null,
      message: "invalid tool call arguments",
    },
    "ollama-error-bad-schema": { status: 400, code: null, message: "invalid JSON schema in format" },
    "ollama-error-model": { status: 404, code: "model_not_found", message: "model 'nope' not found" },
    "ollama-error-plain": { status: 404, message: "model 'nope' not found" },
    "ollama-error-tools": { status: 400, code: null, message: "does not support tools" },
  },
};
