import type { HostedItem, InTurn, ModelItem } from "./items.ts";
import type { ToolEntry } from "./request.ts";
import type { IncludeEnum, Metadata, Reasoning, TextResponseFormatConfiguration } from "./wire.ts";

/** A JSON Schema, passed through as it came. */
export type JsonSchema = Record<string, unknown>;

/** A function that the model sees: a client's own, or one that a gateway tool resolved to. */
export interface ModelFunction {
  name: string;
  description?: string | undefined;
  parameters: JsonSchema;
  strict?: boolean | undefined;
}

/** `names` limits the choice to these functions and `hosted` types; absent, all may be called. */
export interface ToolChoice {
  mode: "none" | "auto" | "required";
  names?: readonly string[];
  /** Types of hosted tools, as the client wrote them. */
  hosted?: readonly string[];
}

/** What only an upstream that speaks items itself can be asked for. */
export interface HostedRequest {
  /** Entries of `tools[]` that no plugin here resolves: the upstream runs them. */
  readonly tools: readonly ToolEntry[];
  readonly include: readonly IncludeEnum[];
  readonly maxToolCalls?: number | undefined;
}

/**
 * One call of a model, in no server's dialect: what `beforeUpstream` taps see and upstreams translate.
 * Immutable; a tap returns a new one: `{ ...request, temperature: 0 }`.
 */
export interface ModelRequest {
  readonly model: string;
  /** First in the model's context. */
  readonly instructions?: string | undefined;
  /** The whole conversation, oldest first, with earlier turns of this response at the end. */
  readonly items: readonly InTurn<ModelItem | HostedItem>[];
  readonly tools: readonly ModelFunction[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls?: boolean | undefined;
  /** Tokens, reasoning included. */
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly topP?: number | undefined;
  /** 0 to 20. With `logprobs`. */
  readonly topLogprobs?: number | undefined;
  readonly logprobs?: boolean | undefined;
  readonly format?: TextResponseFormatConfiguration | undefined;
  readonly verbosity?: "low" | "medium" | "high" | undefined;
  readonly reasoning?: Reasoning | undefined;
  /** Whether the client streams. Unstreamed, the upstream is asked once and its body is one batch. */
  readonly stream: boolean;
  /** Present when the upstream that is asked first runs hosted tools. */
  readonly hosted?: HostedRequest | undefined;
  /** Wire parameters that some upstreams take as they are; forwarded where the upstream allows. */
  readonly passthrough: ModelPassthrough;
  /**
   * Parameters beyond the API's that a candidate upstream takes (`top_k`, `stop`, …), as the client sent them. Each
   * upstream receives only those that it takes.
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

export interface ModelPassthrough {
  metadata?: Metadata | undefined;
  user?: string | undefined;
  safety_identifier?: string | undefined;
  service_tier?: string | undefined;
  prompt_cache_key?: string | undefined;
  prompt_cache_retention?: string | undefined;
  prompt_cache_options?: unknown;
}
