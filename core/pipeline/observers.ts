import { logFailure } from "../failure.ts";
import type { ResponseRequest } from "../protocol/request.ts";
import type { Response as ResponseObject } from "../protocol/wire.ts";
import type { ResponseScope } from "../scopes.ts";
import type { Engine } from "./engine.ts";

/**
 * Tells the observers that a response has ended. No client waits for them; the gateway does when it closes. The
 * log has a line for each failure: that of the observer who says that it logs it, else the core's.
 */
export function tellObservers(
  engine: Engine,
  response: ResponseObject,
  context: ResponseScope<ResponseRequest | undefined>,
): void {
  const observing = engine.hooks.onComplete?.(response, context).catch((error: unknown) => {
    context.log.error({ err: error }, "onComplete failed");
  });
  if (observing) {
    observing.then(engine.observing.add(observing));
  }
  const { failure, caller } = context;
  if (!failure || failure.logged) return;
  logFailure(context.log, { method: caller.method, path: caller.path }, failure);
}
