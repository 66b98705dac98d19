import { describe, expect, it } from "vitest";
import { toErrorInStream, toHttpError } from "../../../plugins/dialect-chat/index.ts";

const WORDINGS: Record<string, string[]> = {
  OpenAI: [
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 8227 tokens.",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
  ],
  vLLM: [
    "This model's maximum context length is 4096 tokens. However, you requested 5001 tokens.",
    "You passed 5001 input tokens and requested 1000 output tokens. However, the model's context length is only 6000 tokens, resulting in a maximum input length of 5000 tokens.",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "max_tokens must be at least 1, got -904.",
  ],
  SGLang: [
    "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
    "Requested token count exceeds the model's maximum context length of 4096 tokens.",
    "Input length (5000 tokens) exceeds the maximum allowed length (4090 tokens).",
  ],
  "llama.cpp": [
    "the request exceeds the available context size, try increasing it",
    "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    "Context size has been exceeded.",
    "input is larger than the max context size. skipped",
  ],
  Ollama: [
    "the input length exceeds the context length",
    "prompt too long; exceeded max context length by 12 tokens",
  ],
  "LM Studio": [
    "The number of tokens to keep from the initial prompt is greater than the context length. Try to load the model with a larger context length",
    "Trying to keep the first 15857 tokens when context the overflows. However, the model is loaded with context length of only 7866 tokens, which is not enough.",
    "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)",
    "Reached context length of 4096 tokens with this model",
  ],
  OpenRouter: [
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens",
    "Input length 5000 exceeds the maximum allowed input length of 4096 tokens.",
    "prompt is too long: 200001 tokens > 200000 maximum",
  ],
  Gemini: [
    "The input token count (337807) exceeds the maximum number of tokens allowed (65536).",
    "Unable to submit request because the input token count is 33021 but model only supports up to 32768.",
  ],
  Mistral: [
    "Prompt contains 152960 tokens and 0 draft tokens, too large for model with 131072 maximum context length",
  ],
  TGI: [
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1244 `inputs` tokens",
    "Input validation error: `inputs` must have less than 1024 tokens. Given: 2000",
  ],
  others: [
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Prompt exceeds max length",
    "Invalid request: Your request exceeded model token limit: 131072",
    "Range of input length should be [1, 30720]",
    "Input is too long for requested model.",
    "litellm.ContextWindowExceededError: too much",
  ],
};

const exceeded = { status: 400, code: "context_length_exceeded" };

describe.each(Object.entries(WORDINGS))(
  "that the context is too small is understood from %s",
  (_, wordings) => {
    it.each(wordings)("%s", (message) => {
      expect(toHttpError(400, JSON.stringify({ error: { message } }))).toMatchObject(exceeded);
      expect(toErrorInStream({ message, code: 500 })).toMatchObject(exceeded);
    });
  },
);

describe("so it is from", () => {
  it.each<[string, number, unknown]>([
    ["the code alone", 400, { error: { message: "no", code: "context_length_exceeded" } }],
    ["a type", 400, { error: { message: "no", type: "exceed_context_size_error" } }],
    ["a status of the server's own fault", 500, { error: "the input length exceeds the context length" }],
    ["a body that is too large", 413, { error: { message: "prompt is too long" } }],
    [
      "what the server behind another said",
      400,
      {
        error: {
          message: "Provider returned error",
          code: 400,
          metadata: { raw: '{"error":{"message":"prompt is too long: 9 tokens"}}' },
        },
      },
    ],
    [
      "an array",
      400,
      [{ error: { code: 400, message: "The input token count (9) exceeds the maximum number" } }],
    ],
    ["FastAPI's envelope", 422, { detail: "prompt is too long" }],
    ["plain text", 400, "prompt is too long"],
  ])("%s", (_, status, body) => {
    expect(toHttpError(status, typeof body === "string" ? body : JSON.stringify(body))).toMatchObject(
      exceeded,
    );
  });
});

describe("what says something else stays what it is", () => {
  it.each([
    [400, "max_tokens is too large: 100000. This model supports at most 16384 completion tokens"],
    [400, "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64"],
    [400, "temperature is out of range"],
    [400, "The image exceeds the maximum size of 20 MB."],
    [413, "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 8000"],
    [400, "messages[3].content is missing"],
  ])("%d: %s", (status, message) => {
    expect(toHttpError(status, JSON.stringify({ error: { message } })).code).not.toBe(
      "context_length_exceeded",
    );
  });

  it("so does a 429, whatever it says", () => {
    const body = JSON.stringify({ error: { message: "prompt is too long" } });
    expect(toHttpError(429, body)).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  });

  it("and no text takes long", () => {
    for (const piece of ["exceed ", "context size ", "input length exceeds ", "longer than ", "n_keep "]) {
      const body = JSON.stringify({ error: { message: piece.repeat(1_000_000 / piece.length) } });
      const before = performance.now();
      toHttpError(400, body);
      expect(performance.now() - before).toBeLessThan(1_000);
    }
  });
});
