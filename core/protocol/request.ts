import type { Item } from "./items.ts";
import type {
  IncludeEnum,
  Reasoning,
  TextResponseFormatConfiguration,
  ToolChoiceParam,
  Tool as ToolParam,
  Verbosity,
} from "./wire.ts";

/** An entry of `tools[]` as the client sent it: a type of the OpenAI API, checked by its own tool kind. */
export type ToolEntry = ToolParam;

/**
 * The client's create body after `parse`: checked, `null` read as absent, a string input made into one
 * user message. Wire names stay as they are.
 */
export interface ResponseRequest {
  model?: string;
  input: Item[];
  instructions?: string;
  previous_response_id?: string;
  tools: ToolEntry[];
  tool_choice: ToolChoiceParam;
  parallel_tool_calls?: boolean;
  max_tool_calls?: number;
  max_output_tokens?: number;
  temperature?: number;
  /** A parameter of Open Responses. */
  frequency_penalty?: number;
  /** A parameter of Open Responses. */
  presence_penalty?: number;
  top_p?: number;
  top_logprobs?: number;
  text?: { format?: TextResponseFormatConfiguration; verbosity?: Verbosity };
  reasoning?: Reasoning;
  include: ReadonlySet<IncludeEnum>;
  /** Whether the response is kept for `previous_response_id` and GET. */
  store: boolean;
  stream: boolean;
  stream_options?: { include_obfuscation?: boolean };
  truncation?: "disabled";
  metadata: Record<string, string>;
  user?: string;
  safety_identifier?: string;
  service_tier?: string;
  prompt_cache_key?: string;
  prompt_cache_retention?: "in_memory" | "24h";
  /** Parameters beyond the API's, as the client sent them: some model servers take some of them. */
  extra?: Readonly<Record<string, unknown>>;
  prompt_cache_options?: { mode?: "implicit" | "explicit"; ttl?: string };
}
