import { isObject, type ModelInfo } from "../../core/index.ts";

/**
 * The fields in which servers give a model's context size. The size that the server is set to comes before the size
 * that the model was trained for. vLLM, SGLang; llama.cpp; LM Studio; OpenRouter, Together, Fireworks; Groq; Mistral,
 * LM Studio; TabbyAPI; LiteLLM; DeepInfra.
 */
const PLACES: readonly (readonly [string, ...string[]])[] = [
  ["max_model_len"],
  ["meta", "n_ctx"],
  ["loaded_context_length"],
  ["context_length"],
  ["context_window"],
  ["max_context_length"],
  ["parameters", "max_seq_len"],
  ["max_input_tokens"],
  ["metadata", "context_length"],
  ["top_provider", "context_length"],
  ["meta", "n_ctx_train"],
];

/** The context size of a model in a list, under one name for all servers and under the server's own name. */
export function contextOf(
  model: Readonly<Record<string, unknown>>,
): Pick<ModelInfo, "context_length" | "context"> {
  const context: Record<string, unknown> = {};
  let first: number | undefined;
  for (const [name, inside] of PLACES) {
    const group = model[name];
    const size = inside === undefined ? group : isObject(group) ? group[inside] : undefined;
    if (!isSize(size)) continue;
    first ??= size;
    if (inside === undefined) context[name] = size;
    else context[name] = { ...(context[name] as object | undefined), [inside]: size };
  }
  return first === undefined ? {} : { context_length: first, context };
}

/** Whether a value is a plausible number of tokens. */
function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
