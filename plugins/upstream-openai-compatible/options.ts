import { z } from "zod";
import { type ChatQuirks, partialQuirksSchema, withQuirks } from "../dialect-chat/index.ts";

const milliseconds = z.number().int().positive();

const fields = z.strictObject({
  /** Names it in logs and errors. */
  name: z.string().min(1).default("openai-compatible"),
  /** Where the server is; `/v1` is added where no version is in the path. */
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !URL.canParse(url) || new URL(url).username === "", "credentials belong in apiKey"),
  apiKey: z.string().min(1).optional(),
  /**
   * "key" sends `apiKey`, if there is one; "forward" the client's own `Authorization`, else `apiKey`; "none"
   * nothing.
   */
  auth: z.enum(["key", "forward", "none"]).default("key"),
  /** The model of requests that name none; the first that the server lists unless said. */
  model: z.string().min(1).optional(),
  /** Sent with every request. */
  headers: z.record(z.string(), z.string()).default({}),
  /** Put into the body of every chat request, over what vr writes. */
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
});

/** One `Authorization` at most is ever sent. */
export const optionsSchema = fields.refine(
  ({ auth, headers }) =>
    auth === "none" || !Object.keys(headers).some((name) => name.toLowerCase() === "authorization"),
  { path: ["headers"], error: 'Authorization belongs in apiKey, or needs auth: "none"' },
);

export type OpenAICompatibleOptions = z.input<typeof optionsSchema>;

export interface Settings extends Omit<z.output<typeof optionsSchema>, "quirks"> {
  origin: string;
  /** Without a slash at the end. */
  path: string;
  quirks: ChatQuirks;
  /** Never to be seen in an error. */
  secrets: string[];
}

/** @throws ZodError */
export function toSettings(input: OpenAICompatibleOptions): Settings {
  const options = optionsSchema.parse(input);
  const { origin, pathname } = new URL(options.baseUrl);
  const path = pathname.replace(/\/+$/, "");
  return {
    ...options,
    origin,
    path: /\/v\d[^/]*(\/|$)/.test(path) ? path : `${path}/v1`,
    quirks: withQuirks(options.quirks),
    secrets: [options.apiKey, ...Object.values(options.headers)].filter((secret) => secret !== undefined),
  };
}
