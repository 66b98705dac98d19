import type { PartType } from "../../core/index.ts";
import type { Kind } from "./begun-items.ts";

/** What an event within an item carries. */
export interface EventKind {
  readonly of: Kind;
  /** "delta" and "whole" carry text of a part; "begin" and "end" are about the part itself. */
  readonly brings: "delta" | "whole" | "begin" | "end" | "annotation" | "arguments" | "all-arguments";
  readonly part: PartType;
}

/** The text events: the part that their text belongs to, and the items that have such parts. */
const WORDS: readonly (readonly [string, PartType, Kind])[] = [
  ["output_text", "output_text", "message"],
  ["refusal", "refusal", "message"],
  ["reasoning_text", "reasoning_text", "reasoning"],
  // Open Responses' name
  ["reasoning", "reasoning_text", "reasoning"],
  ["reasoning_summary_text", "summary_text", "reasoning"],
];

/** Events of messages, reasoning and calls. All others belong to hosted tools or are ignored. */
export const EVENT_KINDS: ReadonlyMap<unknown, EventKind> = new Map([
  ...WORDS.flatMap(([name, part, of]): [string, EventKind][] => [
    [`response.${name}.delta`, { of, brings: "delta", part }],
    [`response.${name}.done`, { of, brings: "whole", part }],
  ]),
  ...(["content_part", "reasoning_summary_part"] as const).flatMap((name): [string, EventKind][] => {
    const of: Kind = name === "content_part" ? "message" : "reasoning";
    const part = name === "content_part" ? "output_text" : "summary_text";
    return [
      [`response.${name}.added`, { of, brings: "begin", part }],
      [`response.${name}.done`, { of, brings: "end", part }],
    ];
  }),
  ["response.output_text.annotation.added", { of: "message", brings: "annotation", part: "output_text" }],
  ["response.function_call_arguments.delta", { of: "call", brings: "arguments", part: "output_text" }],
  ["response.function_call_arguments.done", { of: "call", brings: "all-arguments", part: "output_text" }],
]);
