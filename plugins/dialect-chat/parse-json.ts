/** An escape that may be a surrogate. */
const HALF = /\\u[dD][89a-fA-F]/;

/** Members whose text may continue in the next event. */
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
 * Parses a server's JSON and makes its texts well-formed: a lone surrogate becomes U+FFFD, except at an end of text
 * that may continue in the next event. @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return text.includes("\\u") && HALF.test(text) ? wellFormed(value, "") : value;
}

/** Replaces lone surrogates except at the ends. */
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
    // Works for any name, `__proto__` included.
    if (whole !== inner)
      Object.defineProperty(value, key, { value: whole, enumerable: true, writable: true });
  }
  return value;
}
