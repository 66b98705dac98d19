import type { ModelRequest } from "../../core/index.ts";
import type { ChatQuirks } from "../dialect-chat/index.ts";
import { setLatest } from "./set-latest.ts";

/** What a refusal has taught about a model; each is a way of asking again. */
export type Lesson =
  | "no-images"
  | "no-effort"
  | "nine-character-ids"
  | "reasoning-everywhere"
  | "strict-as-given";

/**
 * A model that is loaded anew may take images or think; what its server speaks stays. What was said of one schema
 * is not kept. Milliseconds.
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

/** What is known of the models of one server, so that their next calls are not refused first. */
export class Lessons {
  /** When each is to be forgotten, milliseconds as `now` counts them; the model that taught last comes last. */
  readonly #models = new Map<string, Map<Lesson, number>>();
  readonly #now: () => number;

  /** `now`: milliseconds since any moment. */
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
    setLatest(this.#models, model, known, MOST_MODELS);
  }
}

/** A server's quirks with what a model of it has taught. */
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

/** The same request without an effort; the request itself if it has none. */
export function withoutEffort(request: ModelRequest): ModelRequest {
  if (request.reasoning?.effort == null) return request;
  const { effort: _, ...reasoning } = request.reasoning;
  return { ...request, reasoning };
}

/** The same, and `warn` is told: not to think is what such a model does anyway. */
export function withoutThinking(request: ModelRequest, warn: (message: string) => void): ModelRequest {
  const { effort } = request.reasoning ?? {};
  if (effort != null && effort !== "none") warn(EFFORT_LEFT_OUT);
  return withoutEffort(request);
}

/** Words of refusals, and what they teach. They must be of the request's content: 400 or 422. */
const WORDS: readonly [Lesson, readonly RegExp[]][] = [
  // Mistral, and vLLM with its tokenizer: "Tool call id was call_x but must be a-z, A-Z, 0-9, with a length of 9."
  ["nine-character-ids", [/tool[ _]?call[ _]?id/i, /length of 9|\{9\}|9 characters/i]],
  // DeepSeek, GLM, MiMo: "The `reasoning_content` in the thinking mode must be passed back to the API." Kimi:
  // "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2".
  [
    "reasoning-everywhere",
    [/reasoning_content/i, /must be (?:passed|provided|included|sent)|missing|required/i],
  ],
  // vLLM: a schema whose grammar cannot be made, which nobody needs who did not ask for strict mode.
  ["strict-as-given", [/grammar/i]],
  // Ollama: '"llama3.2" does not support thinking', 'think value "low" is not supported for this model'.
  ["no-effort", [/n[o']t support thinking|think value .{1,40} is not supported/i]],
];
/** Characters. The reason stands first; some servers repeat the request behind it. */
const REASON_LENGTH = 2_000;

/** What a refusal teaches, going by its words, that is not known yet. */
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
