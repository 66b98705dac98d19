import { cutCredentials } from "../../core/index.ts";

/** Removes a server's secrets from texts for logs and clients. */
export type Redact = (text: string) => string;

/** Least characters of a secret. Shorter texts would be cut out of ordinary words. */
const SHORTEST = 6;

/** In a header such as `Bearer abc123`, the text after the scheme also counts as a secret. */
export function createRedact(secrets: Iterable<string>): Redact {
  const parts = [...secrets].flatMap((secret) => [secret, ...(/^\w+\s+(\S+)$/.exec(secret)?.slice(1) ?? [])]);
  const sought = [...new Set(parts.map((part) => part.trim()))]
    .filter((part) => part.length >= SHORTEST)
    // Longer ones first, since one may be part of another.
    .sort((a, b) => b.length - a.length);
  // Unchanged, as in URLs, and as in JSON.
  const forms = sought.flatMap((part) => [part, encodeURIComponent(part), JSON.stringify(part).slice(1, -1)]);
  if (forms.length === 0) return cutCredentials;
  // One expression for all, since a request may name hundreds, and its server may send long errors.
  const any = new RegExp([...new Set(forms)].map(literal).join("|"), "g");
  return (text) => cutCredentials(text.replace(any, "[redacted]"));
}

/** A regular expression that matches exactly this text. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** One or several words in a path, such as `github` or `github-docs`. Other parts of a path may be tokens. */
const WORDS = /^[a-z]+([-_.][a-z]+)*$/;
/** Most characters of a word. Longer parts may be tokens. */
const LONGEST_WORD = 15;

/**
 * The parts of a URL that may be a token, both encoded and decoded: values of its query, parts of its path that are not
 * words, and the whole path, since a token may look like words.
 */
export function secretsIn({ pathname, search }: URL): string[] {
  const path = pathname.replace(/\/$/, "");
  const parts = path.split("/").filter((part) => part.length > LONGEST_WORD || !WORDS.test(part));
  const values = search
    .slice(1)
    .split("&")
    .map((pair) => pair.slice(pair.indexOf("=") + 1));
  return [path, ...parts, ...values].flatMap((text) => [
    text,
    decoded(text),
    decoded(text.replaceAll("+", " ")),
  ]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // has a % that encodes nothing
  }
}
