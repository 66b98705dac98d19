import { AsyncLocalStorage } from "node:async_hooks";
import type { Log } from "./context.ts";

/** A response on whose behalf code runs. */
export interface CurrentResponse {
  /** `resp_…` */
  readonly id: string;
  /** What outlives a response, such as a connection that it opened, does not speak for it any more. */
  ended: boolean;
}

const current = new AsyncLocalStorage<CurrentResponse>();

/** Runs `work`, and all that it starts, on behalf of a response. */
export function onBehalfOf<T>(response: CurrentResponse, work: () => T): T {
  return current.run(response, work);
}

/** The same log, whose lines carry the id of the response that they were written for. */
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
