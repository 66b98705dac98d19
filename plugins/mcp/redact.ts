import { cutCredentials } from "../../core/index.ts";

/** Cuts a server's secrets out of what is logged or told. */
export type Redact = (text: string) => string;

/** Characters: what is shorter is no secret, and would be cut out of ordinary words. */
const SHORTEST = 6;

/** Of a header such as `Bearer abc123`, what follows the scheme is a secret by itself. */
export function createRedact(secrets: Iterable<string>): Redact {
  const parts = [...secrets].flatMap((secret) => [secret, ...(/^\w+\s+(\S+)$/.exec(secret)?.slice(1) ?? [])]);
  const sought = [...new Set(parts.map((part) => part.trim()))]
    .filter((part) => part.length >= SHORTEST)
    // The longer first: one may be a part of another.
    .sort((a, b) => b.length - a.length);
  // As they are, in URLs, and in JSON.
  const forms = sought.flatMap((part) => [part, encodeURIComponent(part), JSON.stringify(part).slice(1, -1)]);
  if (forms.length === 0) return cutCredentials;
  // All at once: a request may name hundreds, and have its server fail at length.
  const any = new RegExp([...new Set(forms)].map(literal).join("|"), "g");
  return (text) => cutCredentials(text.replace(any, "[redacted]"));
}

/** A text as a regular expression that means it. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** A word, or several, as paths have them: `github`, `github-docs`. Other parts of a path may be tokens. */
const WORDS = /^[a-z]+([-_.][a-z]+)*$/;
/** Characters: what is longer is no word, whatever it is made of. */
const LONGEST_WORD = 15;

/**
 * What in a URL may be a token, as it is written and as it is meant: values of its query, parts of its path that are no
 * words, and the whole path, since a token may look like one.
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
    return text; // with a % that encodes nothing
  }
}
