import { z } from "zod";
import { type PartType, partsProblem } from "./content-parts.ts";
import { hostedItems } from "./hosted-items.ts";
import { below, isObject, notSupportedYet, type Problem, problemIn, quote, wrongType } from "./problem.ts";

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
const functionCall = z.object({ call_id: name, name, arguments: z.string(), id, status });
/** The API lets `call_id` be absent; without one, no call would be answered by the output. */
const functionCallOutput = z.object({ call_id: name, id, status });
/** Without an `id` too, since clients that store nothing (Codex) send reasoning back so. */
const reasoning = z.object({ id, encrypted_content: z.string().nullish(), status });
const reference = z.object({ id: name });

const PROMPT_PARTS: ReadonlySet<PartType> = new Set(["input_text", "input_image", "input_file"]);
const ANSWER_PARTS: ReadonlySet<PartType> = new Set(["output_text", "refusal", "input_text"]);
const REASONING_PARTS: ReadonlySet<PartType> = new Set(["reasoning_text"]);
const SUMMARY_PARTS: ReadonlySet<PartType> = new Set(["summary_text"]);

type Sent = Record<string, unknown>;

const ITEMS = new Map<string, (item: Sent) => Problem | undefined>([
  ["message", messageProblem],
  ["function_call", (item) => problemIn(functionCall, item)],
  ["function_call_output", outputProblem],
  ["reasoning", reasoningProblem],
  ["item_reference", (item) => problemIn(reference, item)],
  ...hostedItems,
]);

/** Item types of the API that vr does not know how to show a model: client-executed tools and the like. */
const UNSUPPORTED = new Set([
  "additional_tools",
  "apply_patch_call",
  "apply_patch_call_output",
  "compaction",
  "compaction_trigger",
  "computer_call",
  "computer_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "local_shell_call",
  "local_shell_call_output",
  "program",
  "program_output",
  "shell_call",
  "shell_call_output",
  "tool_search_call",
  "tool_search_output",
]);

/** What is wrong with an entry of `input`; `undefined` means that it is an `Item`. */
export function itemProblem(item: unknown): Problem | undefined {
  if (!isObject(item)) return wrongType("", "an object", item);
  const type = item.type ?? impliedType(item);
  if (typeof type !== "string") return wrongType(".type", "a string", type);
  const check = ITEMS.get(type);
  if (check) return check(item);
  if (UNSUPPORTED.has(type)) return notSupportedYet(".type", `an item of type ${quote(type)}`);
  return { path: ".type", text: `${quote(type)} is no known item type` };
}

/** Messages and references may come without a type. */
function impliedType(item: Sent): string | undefined {
  if (item.role !== undefined) return "message";
  return item.id === undefined ? undefined : "item_reference";
}

function messageProblem(item: Sent): Problem | undefined {
  const problem = problemIn(message, item);
  if (problem || typeof item.content === "string") return problem;
  if (!Array.isArray(item.content))
    return wrongType(".content", "a string or an array of content parts", item.content);
  return partsIn(item, "content", item.role === "assistant" ? ANSWER_PARTS : PROMPT_PARTS);
}

function outputProblem(item: Sent): Problem | undefined {
  const problem = problemIn(functionCallOutput, item);
  if (problem || typeof item.output === "string") return problem;
  if (!Array.isArray(item.output))
    return wrongType(".output", "a string or an array of content parts", item.output);
  return partsIn(item, "output", PROMPT_PARTS);
}

function reasoningProblem(item: Sent): Problem | undefined {
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
