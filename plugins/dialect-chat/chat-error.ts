import { cutCredentials, isObject, UpstreamError } from "../../core/index.ts";
import { blamesRequest } from "./blames-request.ts";
import { exceedsContext } from "./context-exceeded.ts";
import { type Blame, toErrorCode, toErrorParam } from "./error-codes.ts";

/** An upstream's own words are cut here, in characters. */
const MAX_MESSAGE = 2_000;

/** The content of an error body, whatever its envelope. */
interface Said extends Blame {
  /** The HTTP status, if a server gives it as its error's code. */
  status?: number | undefined;
}

export interface ErrorOptions {
  retryAfter?: string | undefined;
  /** Removed from the error. */
  secrets?: readonly string[];
  /** Which API's parameter names to use: the Responses API's by default; the server's if the client uses its API. */
  names?: "ours" | "theirs";
}

/** The error for the client, from an HTTP status other than 2xx and its body. */
export function toHttpError(status: number, body: string, options: ErrorOptions = {}): UpstreamError {
  const said = readError(parseBody(body));
  return toError(status, said, options);
}

/** The `error` of a payload that came after a 200. */
export function toErrorInStream(error: unknown, secrets: readonly string[] = []): UpstreamError {
  const said = readError({ error });
  return toError(said.status ?? statusOfType(said), said, { secrets });
}

function toError(upstreamStatus: number, said: Said, options: ErrorOptions): UpstreamError {
  const quoted = said.message ? `: ${cutSecrets(said.message, options.secrets ?? [])}` : "";
  const exceeded = upstreamStatus !== 429 && exceedsContext(`${said.code} ${said.type} ${said.message}`);
  const blamed = blamesRequest(upstreamStatus, said.message ?? "");
  const status = exceeded || blamed ? 400 : toClientStatus(upstreamStatus);
  // The request is to blame, so "server_error" would be wrong.
  const code = exceeded ? "context_length_exceeded" : blamed ? undefined : toErrorCode(status, said);
  const param = exceeded ? undefined : toErrorParam(status, said, options.names);
  return new UpstreamError(
    status,
    `the model server answered ${upstreamStatus}${quoted}`.slice(0, MAX_MESSAGE),
    {
      ...(code === undefined ? {} : { code: cutSecrets(code, options.secrets ?? []).slice(0, 100) }),
      ...(param === undefined ? {} : { param: cutSecrets(param, options.secrets ?? []) }),
      ...(status === 429 && options.retryAfter ? { headers: { "Retry-After": options.retryAfter } } : {}),
    },
  );
}

/** The status for the client: 400, 401, 403, 404 and 429 stay. */
export function toClientStatus(status: number): number {
  if (status === 400 || status === 401 || status === 403 || status === 404 || status === 429) return status;
  return status >= 400 && status < 500 ? 400 : 502;
}

function statusOfType({ type = "", code = "" }: Said): number {
  const words = `${type} ${code}`;
  if (/rate_?limit|insufficient_quota|resource_exhausted|too_?many/i.test(words)) return 429;
  if (/unauthenticated|authentication|invalid_api_key/i.test(words)) return 401;
  if (/permission/i.test(words)) return 403;
  if (/not_?found/i.test(words)) return 404;
  if (
    /invalid_?request|invalid_argument|invalid_model|bad_?request|context_length|exceed_context/i.test(words)
  )
    return 400;
  return 502;
}

/**
 * Reads OpenAI's envelope, `{"error": "text"}`, `{"message": …}`, FastAPI's `{"detail": …}`, each of them also in an
 * array (Gemini), or plain text.
 */
function readError(body: unknown): Said {
  if (typeof body === "string") return { message: body.trim() || undefined };
  if (Array.isArray(body))
    return readError(body.find((entry) => isObject(entry) || typeof entry === "string"));
  if (!isObject(body)) return {};
  const error = body.error ?? body;
  if (typeof error === "string") return { message: error };
  if (Array.isArray(error)) return readError(error);
  if (!isObject(error)) return {};
  if (error.message === undefined && isObject(error.error)) return readError(error);
  const detail = error.detail ?? error.errors;
  const message = error.message ?? (typeof detail === "string" ? detail : detail && JSON.stringify(detail));
  const status = [error.code, error.status, error.status_code].map(toNumber).find(isStatus);
  const words = typeof message === "string" ? message : message === undefined ? "" : JSON.stringify(message);
  return {
    message: [words, sourceOf(error)].filter((part) => part).join(": ") || undefined,
    // Google's `status` is a name, not a number.
    type: [error.type, error.status].find(isWord),
    code: isWord(error.code) ? error.code : undefined,
    param: typeof error.param === "string" ? error.param : placeOf(detail),
    status,
  };
}

/** The parameter in FastAPI's `{"detail": [{"loc": ["body", "top_p"], "msg": …}]}`. */
function placeOf(detail: unknown): string | undefined {
  const [first] = Array.isArray(detail) ? detail : [];
  const place = isObject(first) && Array.isArray(first.loc) ? first.loc : [];
  return place[0] === "body" && typeof place[1] === "string" ? place[1] : undefined;
}

/** OpenRouter's errors contain the error of the server behind it. */
function sourceOf({ metadata }: Record<string, unknown>): string | undefined {
  const raw = isObject(metadata) ? metadata.raw : undefined;
  if (typeof raw === "string") return raw.trim();
  return isObject(raw) ? JSON.stringify(raw) : undefined;
}

/** LiteLLM writes statuses as strings. */
function toNumber(value: unknown): unknown {
  return typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
}

function isWord(value: unknown): value is string {
  return typeof value === "string" && /\D/.test(value);
}

/** Parses an error body. HTML is not quoted: the text only says that it was HTML. */
function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return /^\s*</.test(body) ? "an HTML page" : body;
  }
}

/** Removes credentials, which some servers repeat in their errors. */
export function cutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= 4) clean = clean.replaceAll(secret, "[redacted]");
  return cutCredentials(clean).replace(/\bsk-[\w*.-]{6,}/g, "[redacted]");
}

function isStatus(value: unknown): value is number {
  return typeof value === "number" && value >= 400 && value < 600;
}
