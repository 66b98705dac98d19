/** An escape that may be half of a UTF-16 pair. */
const HALF = /\\u[dD][89a-fA-F]/;

/** Members that hold words which may go on in the next event. */
const STREAMED: ReadonlySet<string> = new Set([
  "delta",
  "content",
  "text",
  "value",
  "thinking",
  "summary",
  "reasoning",
  "reasoning_content",
  "refusal",
  "arguments",
]);

/**
 * What a server sent, as a value whose texts are well-formed: half of a UTF-16 pair becomes U+FFFD, unless it stands
 * at an end of words that may go on. @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return text.includes("\\u") && HALF.test(text) ? wellFormed(value, "") : value;
}

/** Words without halves of a pair but at their ends. */
export function wellFormedWithin(words: string): string {
  if (words.isWellFormed()) return words;
  const from = (words.charCodeAt(0) & 0xfc00) === 0xdc00 ? 1 : 0;
  const isOpen = words.length > from && (words.charCodeAt(words.length - 1) & 0xfc00) === 0xd800;
  const to = isOpen ? words.length - 1 : words.length;
  return words.slice(0, from) + words.slice(from, to).toWellFormed() + words.slice(to);
}

function wellFormed(value: unknown, name: string): unknown {
  if (typeof value === "string") return STREAMED.has(name) ? wellFormedWithin(value) : value.toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  const isList = Array.isArray(value);
  for (const [key, inner] of Object.entries(value)) {
    const whole = wellFormed(inner, isList ? name : key);
    // Whatever a member is called.
    if (whole !== inner)
      Object.defineProperty(value, key, { value: whole, enumerable: true, writable: true });
  }
  return value;
}
