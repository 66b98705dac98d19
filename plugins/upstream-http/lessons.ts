import { LruMap, type ModelRequest } from "../../core/index.ts";
import type { ChatQuirks } from "../dialect-chat/index.ts";

/** What a refusal has taught about a model. Each lesson is a way to ask again. */
export type Lesson =
  | "no-images"
  | "no-effort"
  | "nine-character-ids"
  | "reasoning-everywhere"
  | "strict-as-given";

/**
 * Milliseconds for which each lesson counts. A model that is reloaded may accept images or think; the server's API
 * stays the same. A lesson about one schema is not kept.
 */
const KEPT_MS: Record<Lesson, number> = {
  "strict-as-given": 0,
  "no-images": 900_000,
  "no-effort": 900_000,
  "nine-character-ids": Number.POSITIVE_INFINITY,
  "reasoning-everywhere": Number.POSITIVE_INFINITY,
};
const MOST_MODELS = 100;
const NONE: ReadonlySet<Lesson> = new Set();

/** The lessons about the models of one server, so that their next calls are not refused first. */
export class Lessons {
  /** When each lesson expires, in milliseconds as `now` counts them. */
  readonly #models = new LruMap<Map<Lesson, number>>({ maxEntries: MOST_MODELS });
  readonly #now: () => number;

  /** `now`: a clock in milliseconds, from any starting point. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  of(model: string): ReadonlySet<Lesson> {
    const known = this.#models.get(model);
    if (!known) return NONE;
    const now = this.#now();
    return new Set([...known].filter(([, until]) => now < until).map(([lesson]) => lesson));
  }

  add(model: string, lesson: Lesson): void {
    if (KEPT_MS[lesson] === 0) return;
    const known = this.#models.get(model) ?? new Map<Lesson, number>();
    known.set(lesson, this.#now() + KEPT_MS[lesson]);
    this.#models.set(model, known);
  }
}

/** A server's quirks, changed by the lessons about a model. */
export function withLessons(quirks: ChatQuirks, learned: ReadonlySet<Lesson>): ChatQuirks {
  if (learned.size === 0) return quirks;
  return {
    ...quirks,
    ...(learned.has("nine-character-ids") ? { callIds: "nine-characters" as const } : {}),
    ...(learned.has("strict-as-given") ? { strictTools: "when-true" as const } : {}),
    ...(learned.has("reasoning-everywhere")
      ? { sendReasoning: "always" as const, emptyReasoning: true }
      : {}),
  };
}

export const EFFORT_LEFT_OUT = "reasoning.effort was left out: the model does not think";

/** The request without an effort; the same object if it has none. */
export function withoutEffort(request: ModelRequest): ModelRequest {
  if (request.reasoning?.effort == null) return request;
  const { effort: _, ...reasoning } = request.reasoning;
  return { ...request, reasoning };
}

/** The request without an effort, for a model that does not think. Calls `warn` unless the effort was "none". */
export function withoutThinking(request: ModelRequest, warn: (message: string) => void): ModelRequest {
  const { effort } = request.reasoning ?? {};
  if (effort != null && effort !== "none") warn(EFFORT_LEFT_OUT);
  return withoutEffort(request);
}

/** Texts of refusals, and the lesson of each. Only refusals of the request's content count: 400 and 422. */
const WORDS: readonly [Lesson, readonly RegExp[]][] = [
  // Mistral, and vLLM with its tokenizer: "Tool call id was call_x but must be a-z, A-Z, 0-9, with a length of 9."
  ["nine-character-ids", [/tool[ _]?call[ _]?id/i, /length of 9|\{9\}|9 characters/i]],
  // DeepSeek, GLM, MiMo: "The `reasoning_content` in the thinking mode must be passed back to the API." Kimi:
  // "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2".
  [
    "reasoning-everywhere",
    [/reasoning_content/i, /must be (?:passed|provided|included|sent)|missing|required/i],
  ],
  // vLLM: a schema that cannot become a grammar. Only strict mode needs a grammar.
  ["strict-as-given", [/grammar/i]],
  // Ollama: '"llama3.2" does not support thinking', 'think value "low" is not supported for this model'.
  ["no-effort", [/n[o']t support thinking|think value .{1,40} is not supported/i]],
];
/** Most characters searched. The reason comes first; some servers repeat the request after it. */
const REASON_LENGTH = 2_000;

/** The new lesson of a refusal, judged by its text; `undefined` if there is none. */
export function lessonOf(
  { status, said }: { status: number; said: string },
  learned: ReadonlySet<Lesson>,
): Lesson | undefined {
  if (status !== 400 && status !== 422) return undefined;
  const reason = said.slice(0, REASON_LENGTH);
  return WORDS.find(
    ([lesson, words]) => !learned.has(lesson) && words.every((each) => each.test(reason)),
  )?.[0];
}
