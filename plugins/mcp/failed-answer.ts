import { isObject } from "../../core/index.ts";
import { isJSONRPCErrorResponse, isJSONRPCResultResponse } from "./sdk.ts";
import { INVALID } from "./session.ts";

export type RequestId = number | string;

/** The failure of a call that gets no valid answer. */
export interface FailedAnswer {
  jsonrpc: "2.0";
  id: RequestId;
  error: { code: number; message: string };
}

export function failedAnswer(id: RequestId, code: number, message: string): FailedAnswer {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

/**
 * The failure for an invalid answer: the SDK would ignore it, and the call would wait until its time limit. `undefined`
 * for a valid answer or another kind of message. `request`: the request that it answers if it names none; servers write
 * `null` if they could not read the request.
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
  return failedAnswer(id, INVALID, "The server's answer does not follow the protocol.");
}
