import type { Dispatcher, Pool } from "undici";
import type { ForwardedAnswer, ForwardedCall } from "../../core/index.ts";
import { toHttpError } from "../dialect-chat/index.ts";
import { toNetworkError } from "./network-error.ts";
import { readText } from "./read-text.ts";
import { rootOf, type ServerSettings } from "./settings.ts";

/** Most bytes read of an error's body. */
const MAX_ERROR_BYTES = 65_536;
/** The answer's headers that the client needs. No others are passed on. */
const PASSED = ["content-type", "content-encoding"] as const;

/** The headers that authorize a call, and the secrets in them. */
export interface Credentials {
  /** Name, value, name, value, … */
  headers: string[];
  /** Removed from every error. */
  secrets: readonly string[];
}

/**
 * Sends a body unchanged, once, and returns the answer unread.
 * @throws UpstreamError if the server cannot be reached, or refuses
 */
export async function forward(
  pool: Pool,
  settings: ServerSettings,
  { path, below, body, signal }: ForwardedCall,
  { headers, secrets }: Credentials,
): Promise<ForwardedAnswer> {
  const { statusCode, headers: said, body: answer } = await ask();
  if (statusCode >= 300) {
    // If the rest of the body does not come, the status says enough.
    const { text } = await readText(answer, MAX_ERROR_BYTES);
    signal.throwIfAborted();
    throw toHttpError(statusCode, text, { retryAfter: one(said["retry-after"]), secrets, names: "theirs" });
  }
  const passed = PASSED.flatMap((name) => {
    const value = one(said[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { status: statusCode, headers: Object.fromEntries(passed), body: answer };

  async function ask(): Promise<Dispatcher.ResponseData> {
    try {
      return await pool.request({
        method: "POST",
        path: (below === "root" ? rootOf(settings) : settings.path) + path,
        headers,
        body,
        signal,
        headersTimeout: settings.firstByteTimeoutMs,
        bodyTimeout: settings.idleTimeoutMs,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw toNetworkError(error, false);
    }
  }
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
