import type { MaybePromise } from "./context.ts";

/**
 * Something that a plugin works with beside upstreams and the store: a server, a sandbox. `GET /ready` and `vr check`
 * show how it is; a gateway whose dependency is down still answers what does not need it.
 */
export interface Dependency {
  /** As `/ready` and `vr check` name it, unique in the gateway. */
  readonly name: string;
  /** One line: what and where. */
  readonly description: string;
  /**
   * Whether it works now, for `GET /ready`: cheap, and starts nothing. Resolves to what is to be shown.
   * @throws when it does not work: a `VrError`'s message is shown, of other errors only that there was one
   */
  check(signal: AbortSignal): MaybePromise<Readonly<Record<string, unknown>> | undefined>;
  /** The same for `vr check`, which may take its time and try things out. `check` unless said. */
  examine?(signal: AbortSignal): MaybePromise<Readonly<Record<string, unknown>> | undefined>;
}
