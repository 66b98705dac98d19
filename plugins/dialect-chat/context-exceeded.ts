/**
 * Errors of servers about a prompt (alone or with the requested answer) that exceeds the model's context. Each gap is
 * bounded, so that no text takes long to search.
 */
const WORDINGS: readonly RegExp[] = [
  // Codes: OpenAI and most hosts; llama.cpp; LiteLLM; GitHub Copilot.
  /context_length_exceeded|exceed_context_size|context_?window_?exceeded|max_prompt_tokens_exceeded/i,
  // OpenAI, vLLM, DeepSeek, OpenRouter, Mistral and others: "maximum context length is 8192 tokens".
  /maximum (?:context|model|prompt) length/i,
  // Messages about the prompt and the context: OpenAI's Responses API, llama.cpp, Ollama, most newer servers.
  /(?:exceed|exceeds|exceeded|exceeding|overflows?)\b[^.]{0,80}\bcontext[ -](?:size|length|window|limit)/i,
  /\bcontext[ -](?:size|length|window|limit)\b[^.]{0,80}\b(?:exceed|overflow)/i,
  // vLLM: "the model's context length is only 6000 tokens"; LM Studio: "with context length of only 7866 tokens".
  /context (?:length|size|window) (?:is|of) only \d/i,
  // vLLM, where the prompt alone leaves no room for an answer.
  /max_tokens must be at least 1, got -\d/i,
  // SGLang: "is longer than the model's context length"; LM Studio: "is greater than the context length".
  /(?:longer|greater|larger|more) than\b[^.]{0,40}\bcontext (?:length|size|window)/i,
  // LM Studio: "n_keep (15028) >= n_ctx (7424)"; "Reached context length of 4096 tokens".
  /n_keep\b[^.]{0,40}\bn_ctx|reached context length/i,
  // SGLang, OpenRouter: "Input length 5000 exceeds the maximum allowed input length"; Zhipu: "Prompt exceeds max length".
  /(?:input|prompt)(?: length)?\b[^.]{0,40}\bexceeds? (?:the )?max(?:imum)?(?: allowed)?(?: input| prompt)? length/i,
  // Gemini: "The input token count (1048577) exceeds the maximum number of tokens allowed"; its cloud: "is 33021 but model only supports up to".
  /(?:input|prompt) token count\b[^.]{0,60}\b(?:exceeds|only supports)/i,
  // TGI: "`inputs` tokens + `max_new_tokens` must be <= 2048"; "`inputs` must have less than 1024 tokens".
  /inputs`? (?:tokens \+ `?max_new_tokens`? must be|must have less than \d+ tokens)/i,
  // Anthropic and others behind OpenRouter; Ollama: "prompt too long".
  /(?:prompt|input) (?:is )?too long/i,
  // Moonshot: "exceeded model token limit"; Qwen: "Range of input length should be".
  /exceed(?:s|ed)? (?:the )?model(?:'s)? token limit|range of input length should be/i,
];

/** Most characters searched. The reason comes first. */
const REASON_LENGTH = 4_000;

/** Whether an error says that the conversation is too long for the model: clients then shorten it. */
export function exceedsContext(said: string): boolean {
  const reason = said.slice(0, REASON_LENGTH);
  return WORDINGS.some((wording) => wording.test(reason));
}
