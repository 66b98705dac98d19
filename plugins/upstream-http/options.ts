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

/** What HTTP takes; a key that was read from a file often ends with a line break. */
const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "holds a character that no header may have, such as a line break");

const headers = z.record(z.string(), headerValue).superRefine((given, context) => {
  for (const name of Object.keys(given))
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      context.addIssue({ code: "custom", message: `"${name}" is no name of a header` });
});

const fields = z.strictObject({
  /** Names it in logs, errors and routes. */
  name: z.string().min(1).optional(),
  /** Where the server is; `/v1` is added where no version is in the path. */
  baseUrl,
  /**
   * What the server is asked through: "chat" completions, or "responses", where it speaks the Responses API
   * itself. OpenAI's own host is asked through "responses" unless said, any other through "chat".
   */
  api: z.enum(["chat", "responses"]).optional(),
  apiKey: headerValue.min(1).optional(),
  /**
   * "key" sends `apiKey`, if there is one; "forward" the client's own `Authorization`, else `apiKey`; "none"
   * nothing.
   */
  auth: z.enum(["key", "forward", "none"]).default("key"),
  /** The model of requests that name none; the first that the server lists unless said. */
  model: z.string().min(1).optional(),
  /** Sent with every request. */
  headers: headers.default({}),
  /** Put into the body of every model call, over what vr writes. */
  extraBody: z.record(z.string(), z.unknown()).default({}),
  quirks: partialQuirksSchema.default({}),
  connectTimeoutMs: milliseconds.default(10_000),
  /** From sending the request to the first byte of the answer's body: queueing, loading and prefill too. */
  firstByteTimeoutMs: milliseconds.default(600_000),
  /** Between two reads, once the body has begun. */
  idleTimeoutMs: milliseconds.default(120_000),
  /** Further attempts after one that failed before its first byte. */
  retries: z.number().int().min(0).max(10).default(2),
  /** Before the first retry; doubled before each further one. */
  retryDelayMs: milliseconds.default(250),
  /** A longer `Retry-After` is not waited for: the client is told instead. */
  maxRetryAfterMs: milliseconds.default(5_000),
  /** Of one answer, bytes. */
  maxResponseBytes: z.number().int().positive().default(268_435_456),
  /** Of one event of a stream, bytes. */
  maxEventBytes: z.number().int().positive().default(16_777_216),
  ...upstreamLimitsShape,
});

/** One `Authorization` at most is ever sent. */
function hasOneAuthorization({ auth, headers }: Pick<z.output<typeof fields>, "auth" | "headers">): boolean {
  return auth === "none" || !Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
}

const TWO_AUTHORIZATIONS = {
  path: ["headers"],
  error: 'Authorization belongs in apiKey, or needs auth: "none"',
};

/** The options of a plugin for any server: the user says where it is. */
export const serverOptions = fields.refine(hasOneAuthorization, TWO_AUTHORIZATIONS);

/** The options of a plugin for servers that mostly are at one place. */
export function serverOptionsAt(usual: string) {
  return fields.extend({ baseUrl: baseUrl.default(usual) }).refine(hasOneAuthorization, TWO_AUTHORIZATIONS);
}

/** What a user may write. */
export type ServerOptions = z.input<typeof serverOptions>;
/** Checked, with all defaults. */
export type CheckedServerOptions = z.output<typeof serverOptions>;
