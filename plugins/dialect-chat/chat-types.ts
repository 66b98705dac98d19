/** The chat-completions wire, as far as this dialect reads and writes it. What comes in is not trusted. */

export interface ChatMessage {
  role: "system" | "developer" | "user" | "assistant" | "tool";
  content: string | ChatPart[] | null;
  reasoning_content?: string;
  reasoning?: string;
  tool_calls?: ChatToolCall[];
  tool_call_id?: string;
  /** What the server attached. */
  [member: string]: unknown;
}

export type ChatPart =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: string | { url: string; detail?: "low" | "high" } }
  | { type: "file"; file: { file_id?: string; filename?: string; file_data?: string } };

export interface ChatToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
  /** What the server attached. */
  [member: string]: unknown;
}

export interface ChatTool {
  type: "function";
  function: { name: string; description?: string; parameters: Record<string, unknown>; strict?: boolean };
}

/** The body of `POST /chat/completions`. */
export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  [parameter: string]: unknown;
}

/** A `chat.completion.chunk`, or an error in its place. */
export interface ChatChunk {
  choices?: ChatChoice[] | null;
  usage?: ChatUsage | null;
  error?: unknown;
}

export interface ChatChoice {
  index?: number;
  /** In a chunk of a stream. */
  delta?: ChatDelta | null;
  /** In a body that is not streamed. */
  message?: ChatDelta | null;
  finish_reason?: string | null;
  logprobs?: { content?: ChatLogProb[] | null } | null;
  /** OpenRouter's error, with `finish_reason: "error"`. */
  error?: unknown;
}

export interface ChatDelta {
  content?: string | ChatContentPart[] | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  refusal?: string | null;
  annotations?: ChatAnnotation[] | null;
  tool_calls?: ChatToolCallDelta[] | null;
  /** The form before `tool_calls`. */
  function_call?: ChatFunctionDelta | null;
  /** OpenRouter: reasoning in parts, some of them encrypted. */
  reasoning_details?: unknown;
  [member: string]: unknown;
}

/** Mistral streams parts: text, and `thinking` with parts of its own. */
export interface ChatContentPart {
  type?: string;
  text?: string;
  thinking?: string | ChatContentPart[];
}

export interface ChatAnnotation {
  type?: string;
  url_citation?: { url?: string; title?: string; start_index?: number; end_index?: number };
}

export interface ChatToolCallDelta {
  index?: number | null;
  id?: string | null;
  function?: ChatFunctionDelta | null;
  [member: string]: unknown;
}

export interface ChatFunctionDelta {
  name?: string | null;
  arguments?: string | object | null;
  [member: string]: unknown;
}

export interface ChatLogProb {
  token: string;
  logprob: number;
  bytes?: number[] | null;
  top_logprobs?: ChatLogProb[] | null;
}

export interface ChatUsage {
  prompt_tokens?: number | null;
  completion_tokens?: number | null;
  total_tokens?: number | null;
  prompt_tokens_details?: {
    cached_tokens?: number | null;
    cache_write_tokens?: number | null;
    /** vLLM's name for the same field. */
    created_cache_tokens?: number | null;
  } | null;
  completion_tokens_details?: { reasoning_tokens?: number | null } | null;
  /** DeepSeek's name for cached tokens. */
  prompt_cache_hit_tokens?: number | null;
}
