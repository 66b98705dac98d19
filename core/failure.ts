import type { Failure, Log } from "./context.ts";
import { toVrError } from "./errors.ts";
import { cutSecrets } from "./secrets.ts";

/** Which plugin threw an error, by the error: what plugins throw is theirs and stays as it is. */
const blamed = new WeakMap<object, string>();

/** Remembers that this plugin threw this. The innermost plugin that is named stands. */
export function blame<T>(error: T, plugin: string): T {
  if (typeof error === "object" && error !== null && !blamed.has(error)) blamed.set(error, plugin);
  return error;
}

/** What was thrown, as the log tells of it: secrets are cut out of the message. */
export function toFailure(error: unknown): Failure {
  const { status, code, param, message, cause } = toVrError(error);
  const plugin = pluginOf(error) ?? pluginOf(cause);
  return { status, code, param, message: cutSecrets(message), plugin, error, logged: false };
}

function pluginOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null ? blamed.get(error) : undefined;
}

/** Writes the one line of a failure. `fields`: what it happened to. */
export function logFailure(log: Log, fields: object, failure: Failure): void {
  const told = { ...fields, status: failure.status, ...failureFields(failure) };
  if (failure.status < 500) log.info(told, "a request was refused");
  else log.error(told, "a request failed");
}

/** What a log line says of a failure, whoever writes it. Absent values are left out. */
export interface FailureFields {
  /** The error's own code and parameter, such as `previous_response_not_found`. */
  code?: string;
  param?: string;
  /** Secrets are cut out. */
  message: string;
  /** The plugin that failed or refused. Not `plugin`, which is whose line it is. */
  fault?: string;
  /** With its stack, of what is the gateway's or the model server's to mend. */
  err?: unknown;
}

export function failureFields({ status, code, param, message, plugin, error }: Failure): FailureFields {
  return {
    ...(code === null ? {} : { code }),
    ...(param === null ? {} : { param }),
    message,
    ...(plugin === undefined ? {} : { fault: plugin }),
    ...(status >= 500 ? { err: error } : {}),
  };
}
