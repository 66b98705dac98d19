const ENCRYPTED = "reasoning.encrypted_content";

/** What is left of a request, and what the client is to know of it. */
export interface Amended {
  body: string;
  warning: string;
}

/**
 * The same request without encrypted reasoning, where that is what the server has refused: it cannot read what
 * another deployment has sealed (`invalid_encrypted_content`), or its model seals nothing ("not supported with
 * this model"). `said`: the server's words. `undefined` for any other refusal.
 */
export function withoutEncryption(body: string, said: string): Amended | undefined {
  if (!/encrypted[_ ]content/i.test(said)) return undefined;
  const request = JSON.parse(body) as { input?: unknown; include?: unknown };
  const changed = { ...request };
  if (/not supported|unsupported/i.test(said) && Array.isArray(request.include))
    changed.include = request.include.filter((value) => value !== ENCRYPTED);
  if (Array.isArray(request.input)) changed.input = request.input.filter((item) => !isSealed(item));
  const text = JSON.stringify(changed);
  const warning = "the model server refused encrypted reasoning: it was asked again without";
  return text === body ? undefined : { body: text, warning };
}

function isSealed(item: unknown): boolean {
  const { type, encrypted_content } = (item ?? {}) as { type?: unknown; encrypted_content?: unknown };
  return type === "reasoning" && typeof encrypted_content === "string";
}
