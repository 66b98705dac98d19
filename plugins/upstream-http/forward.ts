import type { Dispatcher, Pool } from "undici";
import type { ForwardedAnswer, ForwardedCall } from "../../core/index.ts";
import { toHttpError } from "../dialect-chat/index.ts";
import { toNetworkError } from "./network-error.ts";
import { readText } from "./read-text.ts";
import { rootOf, type Settings } from "./settings.ts";

/** Bytes of a body that says what went wrong. */
const MAX_ERROR_BYTES = 65_536;
/** The headers of an answer that its reader needs; nothing else of the server's passes. */
const PASSED = ["content-type", "content-encoding"] as const;

/** What a call is sent with. */
export interface Credentials {
  /** Names and values in turn. */
  headers: string[];
  /** Never to be seen in an error. */
  secrets: readonly string[];
}

/**
 * Sends a body as it is and gives the answer unread; it is asked once.
 * @throws UpstreamError when the server cannot be reached, or refuses
 */
export async function forward(
  pool: Pool,
  settings: Settings,
  { path, below, body, signal }: ForwardedCall,
  { headers, secrets }: Credentials,
): Promise<ForwardedAnswer> {
  const { statusCode, headers: said, body: answer } = await ask();
  if (statusCode >= 300) {
    // The status says enough where the rest of the reason does not come.
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
