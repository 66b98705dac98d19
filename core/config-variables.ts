import { z } from "zod";
import { isHostName } from "./http/hosts.ts";
import { LOG_LEVELS } from "./log.ts";
import { setting, trueOrFalse } from "./setting.ts";

const port = z
  .string()
  .refine((text) => /^\d+$/.test(text) && Number(text) <= 65_535, "expected a port from 0 to 65535")
  .transform(Number);

const hostNames = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .refine(
    (names) => names.every(isHostName),
    'expected host names without ports, separated by commas, such as "vr.example.com, *.vr.internal"',
  );

const httpUrl = z.url({ protocol: /^https?$/, error: "expected a URL such as http://127.0.0.1:8000/v1" });

/** The environment variables of the gateway itself. All others belong to plugins. */
export const GATEWAY_VARIABLES = {
  VR_PORT: setting({ schema: port, help: "port to listen on; 0 takes a free one (5969)" }),
  VR_HOST: setting({ schema: z.string(), help: "address to listen on (127.0.0.1)" }),
  VR_UPSTREAM: setting({
    schema: httpUrl,
    help:
      "model server that speaks chat completions, such as http://127.0.0.1:8000/v1; replaces the configured ones " +
      "(with none configured, one that is running, else a demo)",
  }),
  VR_ALLOWED_HOSTS: setting({
    schema: hostNames,
    help:
      "host names that the gateway answers to, separated by commas, besides localhost, the machine's own and " +
      'IP addresses; "*" is every name',
  }),
  VR_LOG_LEVEL: setting({
    schema: z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(", ")}`),
    help: "debug, info, warn, error or silent (info); debug logs each model call",
  }),
  VR_LOG_BODIES: setting({
    schema: trueOrFalse,
    help: "true: at debug, whole requests to models and their answers (false)",
  }),
};
