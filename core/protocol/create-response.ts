import { z } from "zod";
import {
  isObject,
  notSupportedYet,
  type Problem,
  problemIn,
  quote,
  quotedList,
  wrongType,
} from "./problem.ts";
import type { IncludeEnum } from "./wire.ts";

const text = z.string();
const flag = z.boolean();
const effort = z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]);
const summary = z.enum(["auto", "concise", "detailed"]);

/** What `include` may name. */
export const INCLUDABLE = [
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "message.input_image.image_url",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
] as const satisfies readonly IncludeEnum[];

const reasoning = z.object({
  effort: effort.nullish(),
  summary: summary.nullish(),
  generate_summary: summary.nullish(),
  context: z.enum(["auto", "current_turn", "all_turns"]).nullish(),
  mode: text.nullish(),
});

const textOptions = z.object({ verbosity: z.enum(["low", "medium", "high"]).nullish() });

const jsonSchemaFormat = z.object({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  schema: z.custom(isObject, "an object"),
  description: text.nullish(),
  strict: flag.nullish(),
});

const truncation = z.enum(["auto", "disabled"]);

const FORMATS = ["text", "json_schema", "json_object"];

const MOST_METADATA_PAIRS = 16;
const LONGEST_METADATA_KEY = 64;
const LONGEST_METADATA_VALUE = 512;

type Check = (value: unknown) => Problem | undefined;

const by =
  (schema: z.ZodType): Check =>
  (value) =>
    problemIn(schema, value);

const unsupported =
  (name: string): Check =>
  () =>
    notSupportedYet("", name);

/**
 * The parameters of `POST /v1/responses` and what each may be; `null` is read as absent before. `input`,
 * `tools` and `tool_choice` have checks of their own.
 * Source: the OpenAI API's `CreateResponse`, and what this gateway refuses of it.
 */
export const PARAMETERS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["background", (value) => (value === true ? notSupportedYet("", "background") : problemIn(flag, value))],
  ["context_management", unsupported("context_management")],
  ["conversation", unsupported("conversation")],
  ["frequency_penalty", by(z.number().min(-2).max(2))],
  ["include", by(z.array(z.enum(INCLUDABLE)))],
  ["instructions", by(text)],
  ["max_output_tokens", by(z.int().min(16))],
  ["max_tool_calls", by(z.int().min(0))],
  ["metadata", metadataProblem],
  ["model", by(text.min(1))],
  ["moderation", unsupported("moderation")],
  ["parallel_tool_calls", by(flag)],
  ["presence_penalty", by(z.number().min(-2).max(2))],
  ["previous_response_id", by(text.min(1))],
  ["prompt", unsupported("prompt")],
  ["prompt_cache_key", by(text)],
  [
    "prompt_cache_options",
    by(z.object({ mode: z.enum(["implicit", "explicit"]).nullish(), ttl: z.enum(["30m"]).nullish() })),
  ],
  ["prompt_cache_retention", by(z.enum(["in_memory", "24h"]))],
  ["reasoning", by(reasoning)],
  ["safety_identifier", by(text.max(64))],
  ["service_tier", by(z.enum(["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"]))],
  ["store", by(flag)],
  ["stream", by(flag)],
  ["stream_options", by(z.object({ include_obfuscation: flag.nullish() }))],
  ["temperature", by(z.number().min(0).max(2))],
  ["text", textProblem],
  ["top_logprobs", by(z.int().min(0).max(20))],
  ["top_p", by(z.number().min(0).max(1))],
  [
    "truncation",
    (value) => (value === "auto" ? notSupportedYet("", `truncation "auto"`) : problemIn(truncation, value)),
  ],
  ["user", by(text)],
]);

function textProblem(value: unknown): Problem | undefined {
  const problem = problemIn(textOptions, value);
  const format = (value as { format?: unknown }).format;
  if (problem || format === undefined || format === null) return problem;
  if (!isObject(format)) return wrongType(".format", "an object", format);
  const { type } = format;
  if (typeof type !== "string") return wrongType(".format.type", `one of ${quotedList(FORMATS)}`, type);
  if (!FORMATS.includes(type))
    return { path: ".format.type", text: `expected one of ${quotedList(FORMATS)}, got ${quote(type)}` };
  const wrong = type === "json_schema" ? problemIn(jsonSchemaFormat, format) : undefined;
  return wrong && { ...wrong, path: `.format${wrong.path}` };
}

function metadataProblem(value: unknown): Problem | undefined {
  if (!isObject(value)) return wrongType("", "an object", value);
  const pairs = Object.entries(value);
  if (pairs.length > MOST_METADATA_PAIRS)
    return { path: "", text: `expected at most ${MOST_METADATA_PAIRS} pairs, got ${pairs.length}` };
  for (const [key, text] of pairs) {
    if (key.length > LONGEST_METADATA_KEY)
      return {
        path: "",
        text: `expected keys of at most ${LONGEST_METADATA_KEY} characters, got one of ${key.length}`,
      };
    if (typeof text !== "string") return wrongType(`.${key}`, "a string", text);
    if (text.length > LONGEST_METADATA_VALUE)
      return {
        path: `.${key}`,
        text: `expected at most ${LONGEST_METADATA_VALUE} characters, got ${text.length}`,
      };
  }
  return undefined;
}
