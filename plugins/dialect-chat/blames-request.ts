import { refusedImages } from "./refused-images.ts";

/**
 * The words with which servers say 5xx of a request that they would refuse again and again. What they say of
 * themselves (memory, a runner that has died, a model that is loading) is not among them; nor is what they say of
 * an answer that the model has written.
 */
const WORDS: readonly RegExp[] = [
  // llama.cpp: arguments of a call in the history that are no JSON (llama.cpp#25510).
  /failed to parse tool call arguments/i,
  // llama.cpp: messages, tools or a `response_format` that it cannot read.
  /failed to parse (?:messages|tools|tool_choice|response_format)/i,
  /unsupported content part type|unsupported content\[\]\.type/i,
  // llama.cpp: schemas and grammars (llama.cpp#14227, #19716).
  /json schema conversion failed|unrecognized schema|failed to parse grammar|failed to initialize samplers/i,
  /automatic parser generation failed|unable to generate parser for this template/i,
  // llama.cpp, vLLM: what a chat template refuses on purpose (picoclaw#207, llama.cpp#19851, vllm#17119).
  /jinja exception: |jinja2\.exceptions\.TemplateError|TemplateError: /i,
  /conversation roles must alternate|system message must be at the beginning|unexpected message role/i,
  // llama.cpp: a body whose fields have other types.
  /json\.exception\.type_error/i,
  // Ollama.
  /invalid json schema in format|invalid format: expected/i,
  /invalid tool call arguments|invalid message (?:content|format)|invalid image input|illegal base64 data/i,
  /does not support (?:tools|thinking|chat|generate|insert)/i,
  // vLLM, up to versions that say 400: grammars, and Mistral's own checks of messages (vllm#16774).
  /grammar error: |invalid grammar|grammar is not valid/i,
  /tool call id (?:was|has)|mistral_common\.exceptions/i,
];
/** Characters. The reason stands first; some servers repeat the request behind it. */
const REASON_LENGTH = 2_000;

/** Whether a server that says 5xx blames the request, going by its words: it works, and would say it again. */
export function blamesRequest(status: number, said: string): boolean {
  if (status < 500) return false;
  const reason = said.slice(0, REASON_LENGTH);
  return WORDS.some((words) => words.test(reason)) || refusedImages(status, reason) === "all";
}
