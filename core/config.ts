import { z } from "zod";
import { checkOptions } from "./check-options.ts";
import { GATEWAY_VARIABLES } from "./config-variables.ts";
import { settingsProblem } from "./declared-settings.ts";
import { isHostName } from "./http/hosts.ts";
import { LOG_LEVELS } from "./log.ts";
import type { Plugin } from "./plugin.ts";
import { routesSchema } from "./routing/routes.ts";

const bytes = z.number().int().positive();
const milliseconds = z.number().int().positive();
const plugin = z.custom<Plugin>(
  (value) =>
    typeof (value as Plugin | null)?.name === "string" && typeof (value as Plugin).setup === "function",
  {
    error: ({ input }) =>
      Array.isArray(input)
        ? "a list of plugins: spread it, with ... in front"
        : "not a plugin: expected { name, setup(vr) }; was its function called?",
  },
);
const gateway = { name: "", settings: GATEWAY_VARIABLES };
const plugins = z.array(plugin).superRefine((all, context) => {
  for (const [i, { name, once }] of all.entries()) {
    const first = all.findIndex((other) => other.name === name && (once || other.once));
    if (first >= 0 && first < i)
      context.addIssue({
        code: "custom",
        path: [i],
        message: `"${name}" is plugins[${first}] already: one is enough`,
      });
    const message = settingsProblem(all[i] as Plugin, [gateway, ...all.slice(0, i)]);
    if (message) context.addIssue({ code: "custom", path: [i], message });
  }
});

const hostName = z.string().refine(isHostName, 'expected a host name without a port, "*.<name>" or "*"');
const origin = z
  .string()
  .regex(
    /^(\*|null|[a-z][a-z\d+.-]*:\/\/[^/?#@\s]+)$/i,
    'expected an origin such as "http://127.0.0.1:3000", without a path, or "*"',
  );

const limits = z.strictObject({
  /** Most bytes of a request body, after decoding. */
  bodyBytes: bytes.default(32 * 1024 * 1024),
  /** Levels of nesting in a request's JSON. */
  jsonDepth: z.number().int().positive().default(100),
  /** Most objects, arrays, strings, numbers and so on in a request's JSON, counted at every level. */
  jsonValues: z.number().int().positive().default(200_000),
  /** Most connections at once; the gateway closes further ones without reading them. */
  connections: z.number().int().positive().default(10_000),
  /** Model calls per response; the last is sent without tools. */
  maxTurns: z.number().int().positive().default(32),
  /** Unsent bytes of one stream from which on its upstream is not read. */
  streamBufferBytes: bytes.default(256 * 1024),
});

const timeouts = z.strictObject({
  /** Time to receive a whole request, from the start of the connection or of the request. */
  requestMs: milliseconds.default(120_000),
  /** Until `response.created` leaves although the upstream has not answered. */
  headersAfterMs: milliseconds.default(2_000),
  /** Without an event until `response.in_progress` is sent again. */
  keepAliveMs: milliseconds.default(15_000),
  /** One call of a gateway tool. */
  toolMs: milliseconds.default(300_000),
  /** Time for one call of a plugin's tap, on any hook. */
  hookMs: milliseconds.default(60_000),
  /** One call of the store. */
  storeMs: milliseconds.default(10_000),
  /** For open responses to end after SIGTERM. */
  drainMs: milliseconds.default(10_000),
});

const http = z.strictObject({
  /** Host names that the gateway answers to, besides `localhost` and the machine's own; `*` is every name. */
  allowedHosts: z.array(hostName).default([]),
  /** Whether `X-Forwarded-Host` counts. Only safe if every client comes through a proxy. */
  trustProxy: z.boolean().default(false),
});

const cors = z.strictObject({
  /** Origins whose web pages may use the gateway; `*` is all. */
  origins: z.array(origin).default([]),
});

const schema = z.strictObject({
  plugins,
  /** Where requests go, by the model that they name; without a match to the first upstream. */
  routes: routesSchema.default([]),
  port: z.number().int().min(0).max(65_535).optional(),
  host: z.string().optional(),
  logLevel: z.enum(LOG_LEVELS).optional(),
  /** Logs whole model requests and answers at the level `debug`. */
  logBodies: z.boolean().optional(),
  /** Names of reasoning events: `response.reasoning_text.*` or Open Responses' `response.reasoning.*`. */
  reasoningEvents: z.enum(["openai", "open-responses"]).default("openai"),
  http: http.prefault({}),
  cors: cors.prefault({}),
  limits: limits.prefault({}),
  timeouts: timeouts.prefault({}),
});

/** What `vr.config.ts` exports by default. */
export type ConfigInput = z.input<typeof schema>;
export type Config = z.output<typeof schema>;

const checked = new WeakSet<object>();

/** Checks a configuration where it is written. @throws ConfigError that names the option's path */
export function defineConfig(input: ConfigInput): Config {
  if (typeof input === "object" && input !== null && checked.has(input)) return input as Config;
  const config = checkOptions("config", schema, input);
  checked.add(config);
  return config;
}
