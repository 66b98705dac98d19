import { type DestinationStream, type LoggerOptions, pino } from "pino";
import type { Log } from "./context.ts";
import { logOutput } from "./log-output.ts";
import { cutKept, cutSecrets, isSecretKey } from "./secrets.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Levels of nesting that a log line shows. */
const DEPTH = 4;

/** Causes of causes that a log line shows. */
const CAUSES = 8;

/** JSON lines on standard error (standard output holds the start banner), with secrets removed by key and by declared value. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    formatters: { log: (fields: Record<string, unknown>) => redact(fields, DEPTH) },
    serializers: { err: (error: unknown) => describeError(error) },
    hooks: { logMethod: withoutKept },
  };
  return pino(options, destination ?? logOutput());
}

type LogMethod = NonNullable<NonNullable<LoggerOptions["hooks"]>["logMethod"]>;

/** Cuts declared secrets out of a line's message; its fields are `redact`'s. */
const withoutKept: LogMethod = function (args, method) {
  const clean = args.map((arg) => (typeof arg === "string" ? cutKept(arg) : arg));
  method.apply(this, clean as typeof args);
};

/** The same object when it holds nothing secret. */
function redact<T extends object>(value: T, depth: number): T {
  let copy: Record<string, unknown> | undefined;
  for (const [key, field] of Object.entries(value)) {
    const shown = isSecretKey(key) ? "[redacted]" : redactField(field, depth);
    if (shown === field) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    copy[key] = shown;
  }
  return (copy as T | undefined) ?? value;
}

function redactField(field: unknown, depth: number): unknown {
  if (typeof field === "string") return cutKept(field);
  if (field instanceof URL) return cutKept(field.href);
  if (typeof field !== "object" || field === null || field instanceof Error) return field;
  return depth > 1 ? redact(field, depth - 1) : "[…]";
}

/** An error with its causes, of which there may be a ring; their own fields, which may hold anything, are left out. */
function describeError(error: unknown, depth = CAUSES): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    name,
    message: cutSecrets(message),
    ...(code ? { code } : {}),
    stack: stack && cutSecrets(stack),
    ...(cause ? { cause: depth > 0 ? describeError(cause, depth - 1) : "[…]" } : {}),
  };
}
