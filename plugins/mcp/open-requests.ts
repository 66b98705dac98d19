import type { RequestId } from "./failed-answer.ts";

export interface OpenRequest {
  /** The JSON-RPC request's; a notification has none. */
  id: RequestId | undefined;
  /** Aborts when the request is cancelled, and with whatever its sender listens to. */
  signal: AbortSignal;
  isCancelled(): boolean;
  /** Nothing more of it is read. */
  end(): void;
}

/**
 * Keeps the HTTP requests that wait for an answer, and ends the one whose call is cancelled: its server may never do so.
 * Gives what was sent as such a request.
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

/** What a JSON-RPC message asks by its id, or cancels by another's. */
function readSent(body: RequestInit["body"]): { id?: RequestId; cancels?: RequestId } {
  if (typeof body !== "string") return {};
  const { id, method, params } = JSON.parse(body);
  return method === "notifications/cancelled" ? { cancels: params?.requestId } : { id };
}
