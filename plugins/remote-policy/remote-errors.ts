/**
 * The policy does not allow it: this URL, this host, the addresses behind it, or a redirect. The message is a sentence
 * for the client; it names what the client wrote, never what DNS said.
 */
export class RemoteRefused extends Error {
  override readonly name = "RemoteRefused";
}

/**
 * The policy allows it, but the host could not be resolved or connected to, or its answer did not come whole. The
 * message is a sentence for the client. There is no cause: the errors below carry addresses and certificates.
 */
export class RemoteUnreachable extends Error {
  override readonly name = "RemoteUnreachable";
  /** The code of the underlying error, such as `ECONNREFUSED`. */
  readonly code: string | undefined;

  /** `what`: what happened to the host; and the error that reported it. */
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
