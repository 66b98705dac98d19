import { z } from "zod";
import { upstreamLimitsShape } from "../../core/index.ts";
import { partialQuirksSchema } from "../dialect-chat/index.ts";

const milliseconds = z.number().int().positive();

const baseUrl = z
  .url({ protocol: /^https?$/ })
  .refine(hasNoCredentials, "credentials belong in apiKey")
  .refine((url) => !/[?#]/.test(url), "a query is not sent");

function hasNoCredentials(url: string): boolean {
  const address = URL.parse(url);
  return !address || address.username + address.password === "";
}

/** A value that HTTP allows in a header. A key that was read from a file often ends with a line break. */
const headerValue = z
  .string()
  .regex(
    /^[\t\x20-\x7e\x80-\xff]*$/,
    "contains a character that is not allowed in a header, such as a line break",
  );

const headers = z.record(z.string(), headerValue).superRefine((given, context) => {
  for (const name of Object.keys(given))
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      context.addIssue({ code: "custom", message: `"${name}" is not a valid header name` });
});

const fields = z.strictObject({
  /** The upstream's name in logs, errors and routes. Default: the name of the server's kind. */
  name: z.string().min(1).optional(),
  /** The server's URL. `/v1` is added if the path has no version. */
  baseUrl,
  /**
   * The server's API: "chat" completions, or "responses" if it speaks the Responses API itself. Default: "responses"
   * for OpenAI's own host, else "chat".
   */
  api: z.enum(["chat", "responses"]).optional(),
  apiKey: headerValue.min(1).optional(),
  /**
   * "key" sends `apiKey`, if there is one. "forward" sends the client's own `Authorization`, or `apiKey` if the client
   * sends none. "none" sends nothing.
   */
  auth: z.enum(["key", "forward", "none"]).default("key"),
  /** The model for requests that name none. Default: the first model that the server lists. */
  model: z.string().min(1).optional(),
  /** Headers sent with every request. */
  headers: headers.default({}),
  /** Fields added to the body of every model call. They override the fields that vr writes. */
  extraBody: z.record(z.string(), z.unknown()).default({}),
  quirks: partialQuirksSchema.default({}),
  connectTimeoutMs: milliseconds.default(10_000),
  /** Milliseconds from the request to the first byte of the answer's body, with queueing, loading and prefill. */
  firstByteTimeoutMs: milliseconds.default(600_000),
  /** Milliseconds between two reads, once the body has begun. */
  idleTimeoutMs: milliseconds.default(120_000),
  /** How often a call that failed before its first byte is sent again. */
  retries: z.number().int().min(0).max(10).default(2),
  /** Milliseconds before the first retry. Doubled before each further one. */
  retryDelayMs: milliseconds.default(250),
  /** Milliseconds. If a server's `Retry-After` is longer, the client gets the error instead. */
  maxRetryAfterMs: milliseconds.default(5_000),
  /** Most bytes of one answer. */
  maxResponseBytes: z.number().int().positive().default(268_435_456),
  /** Most bytes of one event of a stream. */
  maxEventBytes: z.number().int().positive().default(16_777_216),
  ...upstreamLimitsShape,
});

/** At most one `Authorization` may be configured. */
function hasOneAuthorization({ auth, headers }: Pick<z.output<typeof fields>, "auth" | "headers">): boolean {
  return auth === "none" || !Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
}

const TWO_AUTHORIZATIONS = {
  path: ["headers"],
  error: 'Authorization belongs in apiKey, or needs auth: "none"',
};

/** The options of a plugin for any server. The user must give the URL. */
export const serverOptions = fields.refine(hasOneAuthorization, TWO_AUTHORIZATIONS);

/** The options of a plugin for servers with a usual URL, which is the default. */
export function serverOptionsAt(usual: string) {
  return fields.extend({ baseUrl: baseUrl.default(usual) }).refine(hasOneAuthorization, TWO_AUTHORIZATIONS);
}

/** The options as a user writes them. */
export type ServerOptions = z.input<typeof serverOptions>;
/** The options after the check, with all defaults. */
export type CheckedServerOptions = z.output<typeof serverOptions>;
