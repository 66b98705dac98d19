import type { Failure } from "./context.ts";
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

/**
 * The fields of a log line about a failure; `fault` is the plugin, since `plugin` is whose line it is. A stack goes
 * with what is the gateway's or the upstream's to mend.
 */
export function failureFields({ status, code, param, message, plugin, error }: Failure): object {
  return {
    status,
    ...(code === null ? {} : { code }),
    ...(param === null ? {} : { param }),
    message,
    ...(plugin === undefined ? {} : { fault: plugin }),
    ...(status >= 500 ? { err: error } : {}),
  };
}
