import { exceedsContext } from "./context-exceeded.ts";

/** "all": the model takes no images; "these": it takes others, or it is not said. */
export type RefusedImages = "all" | "these";

/** The words of servers whose model takes no images. */
const TAKES_NONE: readonly RegExp[] = [
  // vLLM: a text model; a limit of none (`--limit-mm-per-prompt`, `--language-model-only`).
  /is not a multimodal model/i,
  /at most 0 image/i,
  // llama.cpp without `--mmproj`.
  /image input is not supported|mmproj/i,
  // Ollama, by its runner.
  /missing data required for image input/i,
  // Ollama, LM Studio and many hosts. What is said of a format is no word about the model.
  /(?:not|n't) support (?:\w+ )?(?:vision|multi-?modal|images?(?!\/| formats?| types?))/i,
  /(?:\bvision|multi-?modal|images?)(?: inputs?)? (?:is|are) not supported/i,
  // OpenAI.
  /image_url is only supported by certain models/i,
  // DeepSeek, now and in earlier versions; servers that know parts of text alone.
  /unknown variant `?image_url/i,
  /untagged enum ChatCompletionRequestContent|invalid type: sequence, expected a string/,
  /unsupported content part type[^.]{0,40}image_url/i,
  // OpenRouter, with 404.
  /no endpoints found that support image/i,
];

const SPEAKS_OF_IMAGES = /image|multi-?modal|\bvision/i;
/** With which a server says that what it was sent is at fault. */
const OF_CONTENT = new Set([400, 413, 415, 422]);
/** About access and pace, whatever the words. */
const OF_ACCESS = new Set([401, 403, 429]);
/** Characters. The reason stands first; some servers repeat the request behind it. */
const REASON_LENGTH = 2_000;

/**
 * Whether images are why a server has refused a request, going by its words; `undefined` if not, as far as one
 * can tell. llama.cpp and Ollama say it with 500, so that a status of the server's own fault needs clear words.
 */
export function refusedImages(status: number, said: string): RefusedImages | undefined {
  const reason = said.slice(0, REASON_LENGTH);
  // That speaks of "multimodal tokens" too.
  if (OF_ACCESS.has(status) || exceedsContext(reason)) return undefined;
  if (TAKES_NONE.some((words) => words.test(reason))) return "all";
  return OF_CONTENT.has(status) && SPEAKS_OF_IMAGES.test(reason) ? "these" : undefined;
}
