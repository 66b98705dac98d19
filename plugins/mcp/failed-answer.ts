import { isObject } from "../../core/index.ts";
import { isJSONRPCErrorResponse, isJSONRPCResultResponse } from "./sdk.ts";
import { INVALID } from "./session.ts";

export type RequestId = number | string;

/** What a call is told that gets no answer. */
export interface FailedAnswer {
  jsonrpc: "2.0";
  id: RequestId;
  error: { code: number; message: string };
}

export function failedAnswer(id: RequestId, code: number, message: string): FailedAnswer {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

/**
 * What to tell of an answer that is none: the SDK would pass it over, and its call wait until the time is over. `undefined`
 * for what is an answer, or was to be something else. `request`: whose answer it is when it names nobody's; servers write
 * `null` where they could not read the request.
 */
export function readFailed(message: unknown, request?: RequestId): FailedAnswer | undefined {
  if (!isObject(message) || message.method !== undefined) return undefined;
  const isNamed = message.id != null;
  const id = isNamed ? message.id : "result" in message || "error" in message ? request : undefined;
  if (typeof id !== "number" && typeof id !== "string") return undefined;
  const answer = { ...message, id };
  if (isJSONRPCErrorResponse(answer))
    return isNamed ? undefined : failedAnswer(id, answer.error.code, answer.error.message);
  if (isNamed && isJSONRPCResultResponse(answer)) return undefined;
  return failedAnswer(id, INVALID, "The server's answer is not what the protocol says.");
}
