import type { RequestId } from "./failed-answer.ts";

export interface OpenRequest {
  /** The JSON-RPC request's id; absent for a notification. */
  id: RequestId | undefined;
  /** Aborts when the request is cancelled, or when its sender's own signal aborts. */
  signal: AbortSignal;
  isCancelled(): boolean;
  /** Call when nothing more of the answer is read. */
  end(): void;
}

/**
 * Keeps the HTTP requests that wait for an answer, and ends the one whose call is cancelled, since its server may never
 * end it. The result adds a request.
 */
export function createOpenRequests(): (init: RequestInit | undefined) => OpenRequest {
  const open = new Map<RequestId, AbortController>();
  return (init) => {
    const { id, cancels } = init?.method === "POST" ? readSent(init.body) : {};
    if (cancels !== undefined) open.get(cancels)?.abort(new Error("the call was cancelled"));
    const ending = new AbortController();
    if (id !== undefined) open.set(id, ending);
    return {
      id,
      signal: init?.signal ? AbortSignal.any([init.signal, ending.signal]) : ending.signal,
      isCancelled: () => ending.signal.aborted,
      end: () => {
        if (id !== undefined) open.delete(id);
      },
    };
  };
}

/** The id of a JSON-RPC message, and the id of the request that it cancels. */
function readSent(body: RequestInit["body"]): { id?: RequestId; cancels?: RequestId } {
  if (typeof body !== "string") return {};
  const { id, method, params } = JSON.parse(body);
  return method === "notifications/cancelled" ? { cancels: params?.requestId } : { id };
}
