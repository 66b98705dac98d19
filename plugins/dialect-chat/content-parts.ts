/** Text of a part, by its kind. */
export interface Words {
  kind: "text" | "reasoning" | "refusal";
  text: string;
}

/** Most levels of parts in parts. */
const MAX_DEPTH = 8;

/**
 * The text of a content part or of a list of parts, in order. Servers write text as `text` or as `{ value }`, and
 * reasoning as `thinking` (Mistral, Anthropic), `reasoning` or `summary`, each a text or again parts.
 * @throws TypeError if it is not content
 */
export function wordsOf(content: object): Words[] {
  if (typeof content !== "object") throw new TypeError(`content is a ${typeof content}`);
  const words: Words[] = [];
  collect(content, "text", MAX_DEPTH, words);
  return words;
}

/** The texts of OpenRouter's `reasoning_details`; encrypted ones have no text. */
export function reasoningOf(details: unknown): string[] {
  if (!Array.isArray(details)) return [];
  return details.flatMap((entry) => {
    const { text, summary } = (entry ?? {}) as { text?: unknown; summary?: unknown };
    return [text, summary].filter(isWords).slice(0, 1);
  });
}

function collect(part: unknown, kind: Words["kind"], depth: number, words: Words[]): void {
  if (isWords(part)) words.push({ kind, text: part });
  if (typeof part !== "object" || part === null || depth === 0) return;
  if (Array.isArray(part)) {
    for (const inner of part) {
      if (inner === null) throw new TypeError("a part of content is null");
      collect(inner, kind, depth - 1, words);
    }
    return;
  }
  const { type, text, value, thinking, reasoning, summary, refusal, content } = part as Record<
    string,
    unknown
  >;
  const own = typeof type === "string" && /^(?:thinking|reasoning)/.test(type) ? "reasoning" : kind;
  const inner = (of: unknown, as: Words["kind"]) => collect(of, as, depth - 1, words);
  const thought = thinking ?? reasoning ?? summary;
  if (refusal) inner(refusal, "refusal");
  else if (thought) inner(thought, "reasoning");
  else if (own === "reasoning" || isText(type)) inner(text ?? value ?? content, own);
}

/** A part of another type, such as a picture, may have a text that the model did not write. */
function isText(type: unknown): boolean {
  return type === undefined || type === null || (typeof type === "string" && /text$/.test(type));
}

function isWords(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
