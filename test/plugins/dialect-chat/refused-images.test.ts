import { describe, expect, it } from "vitest";
import { refusedImages } from "../../../plugins/dialect-chat/index.ts";

const error = (message: string) => JSON.stringify({ error: { message } });

describe("whether images are why a server has refused", () => {
  // As issues of these projects quote them.
  it.each([
    ["vLLM", 400, "facebook/opt-125m is not a multimodal model None"],
    ["vLLM, text alone", 400, "At most 0 image(s) may be provided in one prompt."],
    ["llama.cpp, earlier", 500, "image input is not supported by this server"],
    [
      "llama.cpp",
      500,
      "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
    ],
    [
      "llama.cpp, before it knew images",
      500,
      'Failed to parse messages: Unsupported content part type: "image_url"',
    ],
    [
      "Ollama",
      500,
      "Failed to create new sequence: failed to process inputs: this model is missing data required for image input",
    ],
    ["Ollama's cloud", 400, "this model does not support image input (ref: b8bd630e)"],
    ["LM Studio", 400, "Model does not support images. Please use a model that does."],
    ["OpenAI", 400, "Invalid content type. image_url is only supported by certain models."],
    [
      "DeepSeek",
      400,
      "Failed to deserialize the JSON body into the target type: messages[7]: unknown variant `image_url`, expected `text`",
    ],
    [
      "DeepSeek, earlier",
      422,
      "messages[2]: invalid type: sequence, expected a string at line 1 column 2901",
    ],
    ["OpenRouter", 404, "No endpoints found that support image input"],
    ["a gateway that gives vLLM's words", 502, "DeepSeek-V3 is not a multimodal model"],
  ])("%s: the model takes none", (_, status, message) => {
    expect(refusedImages(status, error(message))).toBe("all");
  });

  it.each([
    ["vLLM, too many", 400, "At most 1 image(s) may be provided in one prompt."],
    ["vLLM, in a tool message", 400, "Image URLs are only allowed for messages with role 'user'."],
    ["Ollama, a format that it does not know", 400, "invalid image input"],
    ["OpenAI, a format that it does not know", 400, "You uploaded an unsupported image."],
    ["a format by its name", 400, "the server does not support image/svg+xml"],
    ["Fireworks", 400, "Cannot decode or download image"],
  ])("%s: not these", (_, status, message) => {
    expect(refusedImages(status, error(message))).toBe("these");
  });

  it.each([
    ["another parameter", 400, "temperature must be between 0 and 2"],
    ["a word that has another in it", 400, "this revision of the model is not available"],
    [
      "the context",
      400,
      "The decoder prompt (length 9000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens plus multimodal tokens.",
    ],
    ["a key", 401, "this key does not support images"],
    ["the pace", 429, "Too many images per minute"],
    ["a model that is not there", 404, "The model `llama-vision` does not exist."],
    ["a server in trouble", 500, "CUDA out of memory while encoding an image"],
  ])("%s is another matter", (_, status, message) => {
    expect(refusedImages(status, error(message))).toBeUndefined();
  });

  it("goes by what stands first, not by the request that some servers repeat", () => {
    const messages = "a picture, please; ".repeat(200);
    expect(refusedImages(400, error(`bad request: ${messages} image`))).toBeUndefined();
  });
});
