import { logFailure } from "../failure.ts";
import type { ResponseRequest } from "../protocol/request.ts";
import type { Response as ResponseObject } from "../protocol/wire.ts";
import type { ResponseScope } from "../scopes.ts";
import type { Engine } from "./engine.ts";

/**
 * Calls `onComplete` for a response that has ended. No client waits for it; the gateway does when it closes. Each
 * failure is logged once: by the observer that sets `logged`, otherwise by the core.
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
