import { z } from "zod";
import { type PartType, partsProblem } from "./content-parts.ts";
import { below, type Problem, problemIn, wrongType } from "./problem.ts";

const status = z.enum(["in_progress", "completed", "incomplete"]).nullish();
const id = z.string().nullish();
const name = z.string().min(1);

/** Schemas check and are then done: items stay the very objects that the client sent, extra keys and all. */
const message = z.object({
  role: z.enum(["user", "assistant", "system", "developer"]),
  id,
  status,
  phase: z.enum(["commentary", "final_answer"]).nullish(),
});
export const functionCall = z.object({ call_id: name, name, arguments: z.string(), id, status });
/** The API lets `call_id` be absent; without one, no call would be answered by the output. */
const functionCallOutput = z.object({ call_id: name, id, status });
/** Without an `id` too, since clients that store nothing (Codex) send reasoning back so. */
const reasoning = z.object({ id, encrypted_content: z.string().nullish(), status });
export const reference = z.object({ id: name });

const PROMPT_PARTS: ReadonlySet<PartType> = new Set(["input_text", "input_image", "input_file"]);
const ANSWER_PARTS: ReadonlySet<PartType> = new Set(["output_text", "refusal", "input_text"]);
const REASONING_PARTS: ReadonlySet<PartType> = new Set(["reasoning_text"]);
const SUMMARY_PARTS: ReadonlySet<PartType> = new Set(["summary_text"]);

type Sent = Record<string, unknown>;

export function messageProblem(item: Sent): Problem | undefined {
  const problem = problemIn(message, item);
  if (problem || typeof item.content === "string") return problem;
  if (!Array.isArray(item.content))
    return wrongType(".content", "a string or an array of content parts", item.content);
  return partsIn(item, "content", item.role === "assistant" ? ANSWER_PARTS : PROMPT_PARTS);
}

export function outputProblem(item: Sent): Problem | undefined {
  const problem = problemIn(functionCallOutput, item);
  if (problem || typeof item.output === "string") return problem;
  if (!Array.isArray(item.output))
    return wrongType(".output", "a string or an array of content parts", item.output);
  return partsIn(item, "output", PROMPT_PARTS);
}

export function reasoningProblem(item: Sent): Problem | undefined {
  return (
    problemIn(reasoning, item) ??
    partsIn(item, "summary", SUMMARY_PARTS) ??
    (item.content === undefined || item.content === null
      ? undefined
      : partsIn(item, "content", REASONING_PARTS))
  );
}

function partsIn(item: Sent, key: string, allowed: ReadonlySet<PartType>): Problem | undefined {
  const problem = partsProblem(item[key], allowed);
  return problem && below(`.${key}`, problem);
}
