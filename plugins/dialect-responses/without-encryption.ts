const ENCRYPTED = "reasoning.encrypted_content";

/** The changed request, and the warning for the client. */
export interface Amended {
  body: string;
  warning: string;
}

/**
 * The request without encrypted reasoning, if the server refused it for that: it cannot decrypt what another deployment
 * encrypted (`invalid_encrypted_content`), or its model encrypts nothing ("not supported with this model"). `said`: the
 * server's error text. `undefined` for any other refusal.
 */
export function withoutEncryption(body: string, said: string): Amended | undefined {
  if (!/encrypted[_ ]content/i.test(said)) return undefined;
  const request = JSON.parse(body) as { input?: unknown; include?: unknown };
  const changed = { ...request };
  if (/not supported|unsupported/i.test(said) && Array.isArray(request.include))
    changed.include = request.include.filter((value) => value !== ENCRYPTED);
  if (Array.isArray(request.input)) changed.input = request.input.filter((item) => !isSealed(item));
  const text = JSON.stringify(changed);
  const warning = "the model server refused encrypted reasoning: it was asked again without it";
  return text === body ? undefined : { body: text, warning };
}

function isSealed(item: unknown): boolean {
  const { type, encrypted_content } = (item ?? {}) as { type?: unknown; encrypted_content?: unknown };
  return type === "reasoning" && typeof encrypted_content === "string";
}
