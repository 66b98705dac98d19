import { exceedsContext } from "./context-exceeded.ts";

/** "all": the model takes no images. "these": it takes other images, or the server does not say. */
export type RefusedImages = "all" | "these";

/** Error texts of servers whose model takes no images. */
const TAKES_NONE: readonly RegExp[] = [
  // vLLM: a text model, or a limit of 0 images (`--limit-mm-per-prompt`, `--language-model-only`).
  /is not a multimodal model/i,
  /at most 0 image/i,
  // llama.cpp without `--mmproj`.
  /image input is not supported|mmproj/i,
  // Ollama's runner.
  /missing data required for image input/i,
  // Ollama, LM Studio and many hosts. An error about an image format says nothing about the model.
  /(?:not|n't) support (?:\w+ )?(?:vision|multi-?modal|images?(?!\/| formats?| types?))/i,
  /(?:\bvision|multi-?modal|images?)(?: inputs?)? (?:is|are) not supported/i,
  // OpenAI.
  /image_url is only supported by certain models/i,
  // DeepSeek, current and earlier versions; servers that know only text parts.
  /unknown variant `?image_url/i,
  /untagged enum ChatCompletionRequestContent|invalid type: sequence, expected a string/,
  /unsupported content part type[^.]{0,40}image_url/i,
  // OpenRouter, with 404.
  /no endpoints found that support image/i,
];

const SPEAKS_OF_IMAGES = /image|multi-?modal|\bvision/i;
/** Statuses that blame the content of the request. */
const OF_CONTENT = new Set([400, 413, 415, 422]);
/** Statuses about access and rate limits, whatever the text says. */
const OF_ACCESS = new Set([401, 403, 429]);
/** Most characters searched. The reason comes first; some servers repeat the request after it. */
const REASON_LENGTH = 2_000;

/**
 * Whether a server refused a request because of its images, judged by the error's text; `undefined` if not, as far as
 * the text tells. llama.cpp and Ollama answer 500 in this case, so a 5xx counts only if the text is clear.
 */
export function refusedImages(status: number, said: string): RefusedImages | undefined {
  const reason = said.slice(0, REASON_LENGTH);
  // Errors about the context may mention "multimodal tokens".
  if (OF_ACCESS.has(status) || exceedsContext(reason)) return undefined;
  if (TAKES_NONE.some((words) => words.test(reason))) return "all";
  return OF_CONTENT.has(status) && SPEAKS_OF_IMAGES.test(reason) ? "these" : undefined;
}
