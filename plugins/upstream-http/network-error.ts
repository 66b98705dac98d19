import { UpstreamError } from "../../core/index.ts";
import type { ServerSettings } from "./settings.ts";

/** Errors of the connection itself. The server has not answered, so asking again does no harm. */
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_SOCKET",
]);

const TIMED_OUT = new Set(["UND_ERR_CONNECT_TIMEOUT", "ETIMEDOUT"]);
const SILENT = "UND_ERR_HEADERS_TIMEOUT";

export function isUnreachable(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && UNREACHABLE.has(code);
}

/** 504 if connecting took too long, else 502. The message has the error's code, not the address. */
export function toNetworkError(error: unknown, begun: boolean): UpstreamError {
  const code = codeOf(error);
  if (code !== undefined && TIMED_OUT.has(code))
    return new UpstreamError(504, "connecting to the model server took too long", { cause: error });
  if (code === SILENT)
    return new UpstreamError(504, "the model server did not answer in time", { cause: error });
  const what = begun ? "the model server broke off its answer" : "the model server cannot be reached";
  return new UpstreamError(502, code === undefined ? what : `${what} (${code})`, { cause: error });
}

/** The 504 for an "answer" or a "read" that did not come in time. */
export function toTimeout(
  wait: "answer" | "read",
  { firstByteTimeoutMs, idleTimeoutMs }: Pick<ServerSettings, "firstByteTimeoutMs" | "idleTimeoutMs">,
): UpstreamError {
  const what =
    wait === "answer"
      ? `did not answer within ${firstByteTimeoutMs} ms`
      : `was silent for ${idleTimeoutMs} ms`;
  return new UpstreamError(504, `the model server ${what}`);
}

/** The code of an error. Connecting to a name with several addresses fails with several errors. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return undefined;
}
