import type { Failure, Log } from "./context.ts";
import { toVrError } from "./errors.ts";
import { cutSecrets } from "./secrets.ts";

/** Maps an error to the plugin that threw it. The error itself is the plugin's and is not changed. */
const blamed = new WeakMap<object, string>();

/** Remembers which plugin threw this error. The first plugin named, the innermost, stays. */
export function blame<T>(error: T, plugin: string): T {
  if (typeof error === "object" && error !== null && !blamed.has(error)) blamed.set(error, plugin);
  return error;
}

/** Describes what was thrown for the log, with secrets removed from the message. */
export function toFailure(error: unknown): Failure {
  const { status, code, param, message, cause } = toVrError(error);
  const plugin = pluginOf(error) ?? pluginOf(cause);
  return { status, code, param, message: cutSecrets(message), plugin, error, logged: false };
}

function pluginOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null ? blamed.get(error) : undefined;
}

/** Logs a failure in one line. `fields`: the request or response that failed. */
export function logFailure(log: Log, fields: object, failure: Failure): void {
  const fieldsOfError = { ...fields, status: failure.status, ...failureFields(failure) };
  if (failure.status < 500) log.info(fieldsOfError, "a request was refused");
  else log.error(fieldsOfError, "a request failed");
}

/** The fields of a log line about a failure. Absent values are left out. */
export interface FailureFields {
  /** The error's own code and parameter, such as `previous_response_not_found`. */
  code?: string;
  param?: string;
  /** Secrets are removed. */
  message: string;
  /** The plugin that failed or refused the request. Not called `plugin`, since that field names the logging plugin. */
  fault?: string;
  /** The error with its stack, if the gateway or the model server is at fault. */
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
