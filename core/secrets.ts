/** Keys whose values are never shown, in lower case. */
const SECRET_KEYS = new Set(["authorization", "apikey", "api_key", "token", "password", "cookie", "headers"]);

/** Environment variables that hold a secret, by their names. */
const SECRET_VARIABLE = /(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;

/** Characters: what is shorter is no secret, and would be cut out of ordinary words. */
const SHORTEST = 6;

export function isSecretKey(key: string): boolean {
  return SECRET_KEYS.has(key.toLowerCase());
}

/**
 * Cuts out of a text what others wrote into it: credentials in URLs, bearer tokens, and the values of
 * environment variables that are named like secrets. `user:password` in a URL is a word of vr's own hints.
 */
export function cutSecrets(text: string, env: NodeJS.ProcessEnv = process.env): string {
  let clean = text;
  for (const [name, value = ""] of Object.entries(env)) {
    const secret = value.trim();
    if (secret.length >= SHORTEST && SECRET_VARIABLE.test(name))
      clean = clean.replaceAll(secret, "[redacted]");
  }
  return clean
    .replace(/:\/\/(?!user:password@)[^\s/?#"']*@/g, "://[redacted]@")
    .replace(/\bBearer\s+[^\s"',}]+/gi, "Bearer [redacted]");
}
