import { entryOf } from "./catalogue.ts";
import type { FinishReason, ModelChunk, PartType } from "./chunk.ts";
import { isItemEvent } from "./events.ts";
import { isObject } from "./problem.ts";

const REASONS: Readonly<Record<FinishReason, true>> = {
  stop: true,
  tool_calls: true,
  length: true,
  content_filter: true,
};
const PARTS: Readonly<Record<PartType, true>> = {
  output_text: true,
  refusal: true,
  reasoning_text: true,
  summary_text: true,
};

type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with a chunk, by its type; `undefined` if nothing is. */
const PROBLEMS: { readonly [Type in ModelChunk["type"]]: (chunk: Fields) => string | undefined } = {
  text: ({ text, logprobs }) => {
    if (logprobs !== undefined && !Array.isArray(logprobs)) return "logprobs must be a list";
    return isText(text) ? undefined : "text must be a string";
  },
  reasoning: ({ text }) => (isText(text) ? undefined : "text must be a string"),
  refusal: ({ text }) => (isText(text) ? undefined : "text must be a string"),
  tool_call: ({ index, name, callId, item }) => {
    if (!isText(name) || name === "") return "name must be the name of a tool";
    if (callId !== undefined && !isText(callId)) return "callId must be a string";
    if (item !== undefined && !isTyped(item)) return "item must be an item";
    if (!isAbsent(item?.id) && !isText(item?.id)) return "item.id must be a string";
    return Number.isInteger(index) ? undefined : "index must be a whole number";
  },
  tool_arguments: ({ index, delta }) => {
    if (!Number.isInteger(index)) return "index must be a whole number";
    return isText(delta) ? undefined : "delta must be a string";
  },
  annotation: ({ annotation }) => (isTyped(annotation) ? undefined : "annotation must be an annotation"),
  usage: ({ usage }) => usageProblem(usage),
  note: ({ note, index }) => {
    if (!isObject(note)) return "note must be an object";
    return index === undefined || Number.isInteger(index) ? undefined : "index must be a whole number";
  },
  item: ({ item, stage }) => {
    if (stage !== "added" && stage !== "done") return 'stage must be "added" or "done"';
    if (!isTyped(item)) return "item must be an item";
    if (entryOf(item.type as string)?.isClients)
      return `a model must not give an item of type "${item.type}"`;
    if (!isAbsent(item.id) && !isText(item.id)) return "item.id must be a string";
    if (item.type === "message" && !Array.isArray(item.content)) return "item.content must be a list";
    if (item.type === "reasoning" && !Array.isArray(item.summary)) return "item.summary must be a list";
    return undefined;
  },
  part: ({ part }) =>
    isKey(part, PARTS) ? undefined : `part must be one of ${Object.keys(PARTS).join(", ")}`,
  item_event: ({ event }) => {
    if (!isTyped(event)) return "event must be an event";
    return isItemEvent(event.type) ? undefined : "event must be an event of an item";
  },
  stop: ({ message }) => (isText(message) ? undefined : "message must be a string"),
  finish: ({ reason }) =>
    isKey(reason, REASONS) ? undefined : `reason must be one of ${Object.keys(REASONS).join(", ")}`,
};

/** Why a plugin's value is not a chunk, in words for its author; `undefined` if it is one. */
export function chunkProblem(value: unknown): string | undefined {
  if (!isObject(value))
    return `it is ${Array.isArray(value) ? "a list" : value === null ? "null" : typeof value}`;
  const { type } = value;
  if (!isKey(type, PROBLEMS)) return `type must be one of ${Object.keys(PROBLEMS).join(", ")}`;
  const problem = PROBLEMS[type](value);
  return problem && `${type}: ${problem}`;
}

function usageProblem(usage: unknown): string | undefined {
  if (!isObject(usage)) return "usage must be the usage of a response";
  const { input_tokens_details: input, output_tokens_details: output } = usage;
  const counts = {
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
    total_tokens: usage.total_tokens,
    "input_tokens_details.cached_tokens": isObject(input) ? input.cached_tokens : undefined,
    "output_tokens_details.reasoning_tokens": isObject(output) ? output.reasoning_tokens : undefined,
  };
  const wrong = Object.entries(counts).find(([, count]) => typeof count !== "number");
  return wrong && `usage.${wrong[0]} must be a number`;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isTyped(value: unknown): value is Fields {
  return isObject(value) && isText(value.type);
}

function isKey<Key extends string>(value: unknown, keys: Readonly<Record<Key, unknown>>): value is Key {
  return isText(value) && Object.hasOwn(keys, value);
}
