import { VrError } from "../../core/index.ts";

/**
 * The policy does not allow the URL, the host, its addresses, or a redirect. The message is a sentence for the client.
 * It names what the client wrote, never what DNS answered.
 */
export class RemoteRefused extends VrError {
  constructor(message: string) {
    super(400, "invalid_request_error", message, { code: "remote_refused" });
  }
}

/**
 * The policy allows the URL, but the host could not be resolved or reached, or its answer was incomplete. The message
 * is a sentence for the client. There is no `cause`, since the underlying errors contain addresses and certificates.
 */
export class RemoteUnreachable extends VrError {
  /**
   * `what` completes the sentence "The host …". `error`: the underlying error, of which only the code is kept, such as
   * `ECONNREFUSED`.
   */
  constructor(host: string, what: string, error?: unknown) {
    const code = codeOf(error);
    const message = `The host "${host}" ${what}${code === undefined ? "" : ` (${code})`}.`;
    super(424, "external_connector_error", message, { code: code ?? null });
  }
}

export function isRemoteError(error: unknown): error is RemoteRefused | RemoteUnreachable {
  return error instanceof RemoteRefused || error instanceof RemoteUnreachable;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
