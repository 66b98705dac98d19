import type { MaybePromise } from "./context.ts";

/**
 * Something that a plugin needs besides upstreams and the store, such as a server or a sandbox. `GET /ready` and
 * `vr check` show its state. If it is down, the gateway still answers requests that do not need it.
 */
export interface Dependency {
  /** The name shown by `/ready` and `vr check`, unique in the gateway. */
  readonly name: string;
  /** One line that says what it is and where. */
  readonly description: string;
  /**
   * Checks whether it works now, for `GET /ready`. Must be cheap and start nothing. Resolves to the details to show.
   * @throws if it does not work. The message of a `VrError` is shown; for other errors only that the check failed.
   */
  check(signal: AbortSignal): MaybePromise<Readonly<Record<string, unknown>> | undefined>;
  /** The same for `vr check`. May take longer and try things out. Default: `check`. */
  examine?(signal: AbortSignal): MaybePromise<Readonly<Record<string, unknown>> | undefined>;
}
