import { refusedImages } from "./refused-images.ts";

/**
 * Texts of 5xx errors about a request that the server would refuse every time. Not among them: errors about the server
 * itself (memory, a runner that has died, a model that is loading) and about an answer that the model has written.
 */
const WORDS: readonly RegExp[] = [
  // llama.cpp: arguments of a call in the history that are not JSON (llama.cpp#25510).
  /failed to parse tool call arguments/i,
  // llama.cpp: messages, tools or a `response_format` that it cannot read.
  /failed to parse (?:messages|tools|tool_choice|response_format)/i,
  /unsupported content part type|unsupported content\[\]\.type/i,
  // llama.cpp: schemas and grammars (llama.cpp#14227, #19716).
  /json schema conversion failed|unrecognized schema|failed to parse grammar|failed to initialize samplers/i,
  /automatic parser generation failed|unable to generate parser for this template/i,
  // llama.cpp, vLLM: a chat template refuses the messages on purpose (picoclaw#207, llama.cpp#19851, vllm#17119).
  /jinja exception: |jinja2\.exceptions\.TemplateError|TemplateError: /i,
  /conversation roles must alternate|system message must be at the beginning|unexpected message role/i,
  // llama.cpp: fields of the wrong type.
  /json\.exception\.type_error/i,
  // Ollama.
  /invalid json schema in format|invalid format: expected/i,
  /invalid tool call arguments|invalid message (?:content|format)|invalid image input|illegal base64 data/i,
  /does not support (?:tools|thinking|chat|generate|insert)/i,
  // vLLM before it answered 400: grammars, and Mistral's own checks of messages (vllm#16774).
  /grammar error: |invalid grammar|grammar is not valid/i,
  /tool call id (?:was|has)|mistral_common\.exceptions/i,
];
/** Most characters searched. The reason comes first; some servers repeat the request after it. */
const REASON_LENGTH = 2_000;

/** Whether a 5xx blames the request, judged by its text: the server works and would refuse the request again. */
export function blamesRequest(status: number, said: string): boolean {
  if (status < 500) return false;
  const reason = said.slice(0, REASON_LENGTH);
  return WORDS.some((words) => words.test(reason)) || refusedImages(status, reason) === "all";
}
