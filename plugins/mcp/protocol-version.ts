import { LATEST_PROTOCOL_VERSION, SUPPORTED_PROTOCOL_VERSIONS, type Transport } from "./sdk.ts";
import { CallFailed } from "./session.ts";

interface Message {
  method?: string;
  params?: { protocolVersion?: string };
  result?: { protocolVersion?: unknown };
}

/**
 * Makes the SDK offer `version` and accept any version that the server answers: tools, which is all that the gateway
 * needs, are the same in every version. After that the session uses the server's version.
 */
export function speakItsVersion(transport: Transport, version: string | undefined): void {
  let answered: string | undefined;
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    const { method, params } = message as Message;
    if (method === "initialize" && params && version !== undefined) params.protocolVersion = version;
    return send(message, options);
  };
  // The SDK first calls a handler that was set before, with the message that it is about to read.
  transport.onmessage = (message) => {
    const { result } = message as Message;
    if (answered !== undefined || typeof result?.protocolVersion !== "string") return;
    answered = result.protocolVersion;
    if (!SUPPORTED_PROTOCOL_VERSIONS.includes(answered)) result.protocolVersion = LATEST_PROTOCOL_VERSION;
  };
  const setVersion = transport.setProtocolVersion?.bind(transport);
  if (setVersion) transport.setProtocolVersion = (accepted) => setVersion(answered ?? accepted);
}

/**
 * The next version to offer after a refusal: the latest that the server says it supports, otherwise the next older one.
 * `undefined` if the refusal is about something else, or no version is left.
 */
export function versionAfter(refusal: unknown, tried: readonly string[]): string | undefined {
  if (!(refusal instanceof CallFailed)) return undefined;
  const { data } = (refusal.cause ?? {}) as { data?: unknown };
  const said = `${refusal.message} ${data === undefined ? "" : JSON.stringify(data)}`;
  if (!/protocol.?version/i.test(said)) return undefined;
  const left = SUPPORTED_PROTOCOL_VERSIONS.filter((version) => !tried.includes(version));
  return left.find((version) => said.includes(version)) ?? left[0];
}
