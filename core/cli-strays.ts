import type { Log } from "./context.ts";

/**
 * Logs unhandled rejections and `error` events without a listener (of a connection pool inside a Keyv adapter, for
 * example) instead of ending the process and all streams with it. Any other uncaught exception still ends the process,
 * since it may have left anything half done.
 */
export function logStrays(log: Log): void {
  process.on("unhandledRejection", (error) => {
    log.error({ err: error }, "unhandled rejection");
  });
  process.on("uncaughtException", (error) => {
    if (isUnheardEvent(error)) {
      log.error({ err: error }, "an error event without a listener");
      return;
    }
    log.error({ err: error }, "uncaught exception");
    process.exit(1);
  });
}

/** Node marks an error that `emit("error", …)` throws when there is no listener, and shows the mark with its stack. */
function isUnheardEvent(error: Error & { code?: unknown }): boolean {
  if (error?.code === "ERR_UNHANDLED_ERROR") return true;
  if (!(error instanceof Error)) return false;
  return Object.getOwnPropertySymbols(error).some(
    ({ description }) => description === "kEnhanceStackBeforeInspector",
  );
}
