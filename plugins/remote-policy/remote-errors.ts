/**
 * The policy does not allow the URL, the host, its addresses, or a redirect. The message is a sentence for the client.
 * It names what the client wrote, never what DNS answered.
 */
export class RemoteRefused extends Error {
  override readonly name = "RemoteRefused";
}

/**
 * The policy allows the URL, but the host could not be resolved or reached, or its answer was incomplete. The message
 * is a sentence for the client. There is no `cause`, since the underlying errors contain addresses and certificates.
 */
export class RemoteUnreachable extends Error {
  override readonly name = "RemoteUnreachable";
  /** The code of the underlying error, such as `ECONNREFUSED`. */
  readonly code: string | undefined;

  /** `what` completes the sentence "The host …". `error`: the underlying error, of which only the code is kept. */
  constructor(host: string, what: string, error?: unknown) {
    const code = codeOf(error);
    super(`The host "${host}" ${what}${code === undefined ? "" : ` (${code})`}.`);
    this.code = code;
  }
}

export function isRemoteError(error: unknown): error is RemoteRefused | RemoteUnreachable {
  return error instanceof RemoteRefused || error instanceof RemoteUnreachable;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
