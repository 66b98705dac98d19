import { describe, expect, it } from "vitest";
import { toErrorInStream, toHttpError } from "../../../plugins/dialect-chat/index.ts";

const said = (status: number, error: unknown) => {
  const { status: told, code, param } = toHttpError(status, JSON.stringify({ error }));
  return { status: told, code, param };
};

describe("a model that the server does not have is model_not_found, as it is OpenAI's", () => {
  it.each<[string, number, object | string]>([
    [
      "OpenAI",
      404,
      {
        message: "The model `x` does not exist or you do not have access to it.",
        type: "invalid_request_error",
        param: null,
        code: "model_not_found",
      },
    ],
    [
      "vLLM",
      404,
      {
        message: "The model `x` does not exist. Valid aliases: smollm2.",
        type: "NotFoundError",
        param: "model",
        code: 404,
      },
    ],
    ["SGLang", 404, { message: "Model 'x-1.5' not found", type: "NotFoundError", code: 404 }],
    [
      "Ollama",
      404,
      {
        message: 'model "x:1.5b" not found, try pulling it first',
        type: "api_error",
        param: null,
        code: null,
      },
    ],
    ["Ollama, of its own API", 404, "model 'x' not found"],
    [
      "LM Studio",
      404,
      { message: 'No model found that matches path or key "x"', type: "invalid_request_error", code: null },
    ],
    [
      "llama.cpp with several models",
      404,
      { message: "model 'x' not found", type: "not_found_error", code: 404 },
    ],
    ["OpenRouter", 400, { message: "x/y-1.5 is not a valid model ID", code: 400 }],
    [
      "LiteLLM",
      400,
      {
        message: "Invalid model name passed in model=x. Call `/v1/models` to view available models",
        type: "None",
        code: "400",
      },
    ],
    ["Mistral", 400, { message: "Invalid model: x", type: "invalid_model", code: "1500" }],
    [
      "DeepSeek",
      400,
      { message: "Model Not Exist", type: "invalid_request_error", code: "invalid_request_error" },
    ],
    [
      "Gemini",
      404,
      { message: "models/x is not found for API version v1main", status: "NOT_FOUND", code: 404 },
    ],
    [
      "Together",
      404,
      {
        message: "Unable to access model x. Please visit our site",
        type: "invalid_request_error",
        code: "model_not_available",
      },
    ],
  ])("%s", (_, status, error) => {
    expect(said(status, error)).toEqual({ status, code: "model_not_found", param: "model" });
    expect(
      toErrorInStream(
        typeof error === "string"
          ? { message: error, code: 404 }
          : { ...error, code: (error as { code?: unknown }).code || status },
      ),
    ).toMatchObject({ code: "model_not_found" });
  });

  it.each<[number, object]>([
    [404, { message: "page not found" }],
    [404, { message: "Not Found", type: "NotFoundError" }],
    [400, { message: "the tool that the model called was not found in the request" }],
    [500, { message: "model runner not found", type: "api_error" }],
    [401, { message: "the model `x` does not exist for this key" }],
  ])("and nothing else is: %i %o", (status, error) => {
    expect(said(status, error).code).not.toBe("model_not_found");
  });
});

describe("the parameter to blame has the name that the client knows", () => {
  it.each([
    ["max_tokens", "max_output_tokens"],
    ["max_completion_tokens", "max_output_tokens"],
    ["max_output_tokens", "max_output_tokens"],
    ["messages", "input"],
    ["messages[3].content", "input"],
    ["messages.[0].role", "input"],
    ["response_format", "text.format"],
    ["response_format.json_schema", "text.format"],
    ["reasoning_effort", "reasoning.effort"],
    ["temperature", "temperature"],
    ["tools[0].function.parameters", "tools[0].function.parameters"],
    ["top_k", "top_k"],
  ])("%s is %s", (param, expected) => {
    expect(said(400, { message: "no", type: "BadRequestError", param, code: 400 }).param).toBe(expected);
  });

  it.each([
    [
      "as vLLM 0.32 says it",
      {
        message:
          "max_completion_tokens=5000 cannot be greater than max_model_len=2048. Please request fewer output tokens.",
        type: "BadRequestError",
        param: "max_completion_tokens",
        code: 400,
      },
    ],
    [
      "as vLLM says it of its Responses API",
      {
        message: "max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)",
        type: "BadRequestError",
        param: "max_tokens",
        code: 400,
      },
    ],
    [
      "as OpenAI says it",
      {
        message: "max_tokens is too large: 100000. This model supports at most 4096 completion tokens",
        type: "invalid_request_error",
        param: "max_tokens",
        code: "invalid_value",
      },
    ],
    ["in words alone", { message: "`max_new_tokens` must be <= 512", type: "validation" }],
  ])("a limit of tokens is max_output_tokens, %s", (_, error) => {
    expect(said(400, error)).toMatchObject({ status: 400, param: "max_output_tokens" });
    expect(said(400, error).code).not.toBe("context_length_exceeded");
  });

  it("is read from the place that FastAPI gives", () => {
    const body = JSON.stringify({ detail: [{ loc: ["body", "top_p"], msg: "must be less than 1" }] });
    expect(toHttpError(422, body)).toMatchObject({ status: 400, param: "top_p" });
  });

  it.each(["", "a b", "<script>", "x".repeat(101), "1", "sk-aaaaaaaaaaaa bbb"])(
    "is none if it is no name: %s",
    (param) => {
      expect(said(400, { message: "no", param }).param).toBeNull();
    },
  );

  it("is none where the server is to blame", () => {
    expect(said(500, { message: "no", param: "max_tokens" }).param).toBeNull();
  });

  it("holds no secret", () => {
    const error = toHttpError(
      400,
      JSON.stringify({ error: { message: "no", param: "headers.my-own-secret" } }),
      { secrets: ["my-own-secret"] },
    );
    expect(error.param).not.toContain("secret");
  });
});

describe("a code", () => {
  it.each<[number, object, string | null]>([
    [400, { message: "no", type: "BadRequestError", code: 400 }, null],
    [400, { message: "no", status: "INVALID_ARGUMENT", code: 400 }, null],
    [401, { message: "no", type: "AuthenticationError" }, "invalid_api_key"],
    [429, { message: "no", status: "RESOURCE_EXHAUSTED" }, "rate_limit_exceeded"],
    [429, { message: "no", type: "insufficient_quota", code: "insufficient_quota" }, "insufficient_quota"],
    [
      400,
      { message: "no", type: "invalid_request_error", code: "unsupported_parameter" },
      "unsupported_parameter",
    ],
  ])("of %i %o is %s", (status, error, code) => {
    expect(said(status, error).code).toBe(code);
  });
});
