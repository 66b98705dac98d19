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
  const forms = sought.flatMap((part) => [
    ...new Set([part, encodeURIComponent(part), JSON.stringify(part).slice(1, -1)]),
  ]);
  return (text) => forms.reduce((clean, form) => clean.replaceAll(form, "[redacted]"), text);
}

/** Characters: what is shorter in a path is a word. */
const SHORTEST_IN_PATH = 16;

/** What in a URL may be a token: values of its query, and long parts of its path. */
export function secretsIn({ pathname, searchParams }: URL): string[] {
  const parts = pathname.split("/").filter((part) => part.length >= SHORTEST_IN_PATH);
  return [...searchParams.values(), ...parts];
}
