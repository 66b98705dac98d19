import type { Log } from "./context.ts";

/**
 * Logs what plugins let slip, instead of ending the process and everybody's streams with it: promises that nobody
 * awaits, and `error` events that nobody listens to, such as those of a connection pool inside a Keyv adapter. Any other
 * exception that nobody catches still ends the process: what it left half done is not known.
 */
export function logStrays(log: Log): void {
  process.on("unhandledRejection", (error) => {
    log.error({ err: error }, "a promise was rejected that nobody awaited");
  });
  process.on("uncaughtException", (error) => {
    if (isUnheardEvent(error)) {
      log.error({ err: error }, "an error event was emitted that nobody listened to");
      return;
    }
    log.error({ err: error }, "an exception was thrown that nobody caught");
    process.exit(1);
  });
}

/** Node marks an error that `emit("error", …)` throws for want of a listener, to add to its stack when it is shown. */
function isUnheardEvent(error: Error & { code?: unknown }): boolean {
  if (error?.code === "ERR_UNHANDLED_ERROR") return true;
  if (!(error instanceof Error)) return false;
  return Object.getOwnPropertySymbols(error).some(
    ({ description }) => description === "kEnhanceStackBeforeInspector",
  );
}
