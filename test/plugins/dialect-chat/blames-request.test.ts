import { describe, expect, it } from "vitest";
import { blamesRequest, toErrorInStream, toHttpError } from "../../../plugins/dialect-chat/index.ts";

describe("what a server says with 5xx, and the request is to blame for", () => {
  // As issues of these projects quote them, and as real servers answered.
  it.each([
    [
      "llama.cpp, cut arguments",
      "Failed to parse tool call arguments as JSON: [json.exception.parse_error.101] parse error at line 1, column 4: syntax error while parsing object key",
    ],
    [
      "llama.cpp, an image for a text model",
      "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
    ],
    ["llama.cpp, a schema", 'JSON schema conversion failed:\nUnrecognized schema: {"title":"Ip"}'],
    [
      "llama.cpp, a schema of a tool",
      "Unable to generate parser for this template. Automatic parser generation failed: JSON schema conversion failed:\nUnrecognized schema: true",
    ],
    ["llama.cpp, parts of a message", 'Failed to parse messages: Unsupported content part type: "image_url"'],
    [
      "llama.cpp, its chat template",
      "\n------------\nWhile executing CallExpression at line 47, column 32 in source:\n...== 0) %}↵            {{- raise_exception('After the optional system message, con...\nError: Jinja Exception: After the optional system message, conversation roles must alternate user and assistant roles except for tool calls and results.",
    ],
    ["llama.cpp, a type", "[json.exception.type_error.302] type must be string, but is null"],
    ["Ollama, a schema", "invalid JSON schema in format"],
    [
      "Ollama, an image",
      "Failed to create new sequence: failed to process inputs: this model is missing data required for image input",
    ],
    [
      "vLLM, earlier: its chat template",
      "jinja2.exceptions.TemplateError: Conversation roles must alternate user/assistant/user/assistant/...",
    ],
    [
      "vLLM with Mistral's tokenizer",
      "mistral_common.exceptions.InvalidMessageStructureException: Unexpected role 'tool'",
    ],
    ["vLLM, a grammar", "Grammar error: Invalid type: nothing"],
    ["a gateway that gives vLLM's words", "meta-llama/Llama-3.1-8B is not a multimodal model"],
  ])("%s", (_, message) => {
    for (const status of [500, 502, 503]) expect(blamesRequest(status, message)).toBe(true);
    const body = JSON.stringify({ error: { code: 500, message, type: "server_error" } });
    expect(toHttpError(500, body)).toMatchObject({
      status: 400,
      code: null,
      type: "invalid_request_error",
      message: expect.stringContaining("the model server answered 500: "),
    });
    expect(toErrorInStream({ code: 500, message, type: "server_error" })).toMatchObject({ status: 400 });
    // With another status it says so itself.
    expect(blamesRequest(429, message)).toBe(false);
  });

  it.each([
    ["its memory", "CUDA out of memory. Tried to allocate 20.00 MiB while encoding an image"],
    ["its runner", "llama runner process has terminated: exit status 2"],
    ["its runner, now", "model runner has unexpectedly stopped, this may be due to resource limitations"],
    ["a model that cannot be loaded", "failed to load model: unable to load model: /blobs/sha256-1"],
    ["a model that is being loaded", "Loading model"],
    [
      "an engine that has died",
      "EngineCore encountered an issue. See stack trace (above) for the root cause.",
    ],
    ["a proxy", "upstream connect error or disconnect/reset before headers"],
    ["what the model wrote", "Failed to parse input at pos 42: <tool_call><function=write>"],
    ["nothing", "Internal Server Error"],
    ["a template with a fault", "Error: Value is not callable: null"],
    ["an image that it could not fetch", "Timeout while fetching image from https://example.com/a.png"],
  ])("is not: %s", (_, message) => {
    expect(blamesRequest(500, message)).toBe(false);
    expect(toHttpError(500, JSON.stringify({ error: { message } }))).toMatchObject({ status: 502 });
  });

  it("goes by what stands first, not by the request that some servers repeat", () => {
    expect(blamesRequest(500, `out of memory: ${"x".repeat(2_000)} Jinja Exception: no`)).toBe(false);
  });
});
