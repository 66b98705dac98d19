import { AsyncLocalStorage } from "node:async_hooks";
import type { Log } from "./context.ts";

/** The response for which code runs. */
export interface CurrentResponse {
  /** `resp_…` */
  readonly id: string;
  /** Turns `true` at the response's end. Code that outlives it, such as a connection's, no longer runs for it. */
  ended: boolean;
}

const current = new AsyncLocalStorage<CurrentResponse>();

/** Runs `work`, and everything that it starts, for a response. */
export function onBehalfOf<T>(response: CurrentResponse, work: () => T): T {
  return current.run(response, work);
}

/** The same log, with the id of the current response added to each line. */
export function namingResponse(log: Log): Log {
  const named = (fields: object): object => {
    const response = current.getStore();
    return response === undefined || response.ended ? fields : { response: response.id, ...fields };
  };
  return {
    debug: (fields, message) => log.debug(named(fields), message),
    info: (fields, message) => log.info(named(fields), message),
    warn: (fields, message) => log.warn(named(fields), message),
    error: (fields, message) => log.error(named(fields), message),
    child: (fields) => namingResponse(log.child(fields)),
  };
}
