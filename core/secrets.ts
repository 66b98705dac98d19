/** Keys whose values are never shown, in lower case. */
const SECRET_KEYS = new Set(["authorization", "apikey", "api_key", "token", "password", "cookie", "headers"]);

/** Environment variables that hold a secret, by their names. */
const SECRET_VARIABLE = /(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;

/** Characters: what is shorter is no secret, and would be cut out of ordinary words. */
const SHORTEST = 6;

/** Secrets that settings declare, in each form, the longer first: one may be a part of another. */
let kept: readonly string[] = [];

/** From now on this value is cut out of every text that passes here: as it is, in URLs and in JSON. */
export function keepSecret(value: string): void {
  const secret = value.trim();
  if (secret.length < SHORTEST) return;
  const inQuery = String(new URLSearchParams({ "": secret })).slice(1);
  const forms = [secret, encodeURIComponent(secret), inQuery, JSON.stringify(secret).slice(1, -1)];
  kept = [...new Set([...kept, ...forms])].sort((a, b) => b.length - a.length);
}

/** Removes the secrets that settings declare. */
export function cutKept(text: string): string {
  let clean = text;
  for (const secret of kept) clean = clean.replaceAll(secret, "[redacted]");
  return clean;
}

export function isSecretKey(key: string): boolean {
  return SECRET_KEYS.has(key.toLowerCase());
}

/** The JSON of a value with all secrets removed, whoever wrote them. */
export function withoutSecrets(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (isSecretKey(key)) return "[redacted]";
    return typeof inner === "string" ? cutSecrets(inner) : inner;
  });
}

/** Matches URL query parameters that hold a secret, with their values. */
const SECRET_PARAMETER =
  /([?&][\w-]*(?:key|token|secret|password|passwd|signature|sig|auth|credential)s?=)[^&\s"'#<>]+/gi;
/** A placeholder in vr's own hints, not a secret. */
const EXAMPLE = "user:password";

/**
 * Removes credentials, and the values of environment variables that are named like secrets, from a text that quotes
 * others.
 */
export function cutSecrets(text: string, env: NodeJS.ProcessEnv = process.env): string {
  let clean = cutKept(text);
  for (const [name, value = ""] of Object.entries(env)) {
    const secret = value.trim();
    if (secret.length >= SHORTEST && SECRET_VARIABLE.test(name))
      clean = clean.replaceAll(secret, "[redacted]");
  }
  return cutCredentials(clean);
}

/**
 * Removes secrets that settings declare, and those that can be recognised by their form: user and password in a URL,
 * query parameters that are named like secrets, bearer tokens. Takes linear time on any text.
 */
export function cutCredentials(text: string): string {
  return withoutUsers(cutKept(text))
    .replace(SECRET_PARAMETER, "$1[redacted]")
    .replace(/\bBearer\s+[^\s"',}]+/gi, "Bearer [redacted]");
}

function withoutUsers(text: string): string {
  let clean = "";
  let from = 0;
  for (let at = text.indexOf("://"); at !== -1; at = text.indexOf("://", at + 3)) {
    const start = at + 3;
    const length = text.slice(start).search(/[\s/?#"<>]/);
    const authority = length === -1 ? text.slice(start) : text.slice(start, start + length);
    const end = authority.lastIndexOf("@");
    if (end < 1 || authority.slice(0, end) === EXAMPLE) continue;
    clean += `${text.slice(from, start)}[redacted]`;
    from = start + end;
  }
  return clean + text.slice(from);
}
