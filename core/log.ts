import { type DestinationStream, pino } from "pino";
import type { Log } from "./context.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Keys whose values never reach a log, at the top or one or two levels down. */
const SECRETS = ["authorization", "apiKey", "api_key", "token", "password", "cookie", "headers"];

/** JSON lines on standard error (standard output is the start banner's), secrets cut out by key. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const paths = SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const options = { level, base: null, redact: { paths, censor: "[redacted]" } };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: false }));
}
