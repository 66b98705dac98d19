import { createEventReader } from "./event-reader.ts";
import { type FailedAnswer, failedAnswer } from "./failed-answer.ts";
import { createMessageSize } from "./message-size.ts";
import { createOpenRequests, type OpenRequest } from "./open-requests.ts";
import { CONNECTION_CLOSED, INVALID } from "./session.ts";

/** `fetch` for JSON-RPC over HTTP, within bounds. */
export interface BoundedFetch {
  fetch: typeof globalThis.fetch;
  /**
   * Called with the failure for a call that the SDK would leave waiting until its time limit: its stream has ended, or
   * has brought an invalid answer.
   */
  onFailed?: (answer: FailedAnswer) => void;
}

/** The highest status that `Response` accepts. */
const LAST_STATUS = 599;

/**
 * Breaks off an answer with more than `maxBytes` in one message: in its whole body, or in one event of its stream. An
 * error's body is always read as a whole, whatever its content type. Reports streams that end without an answer, unless
 * the server has said that they can be resumed.
 */
export function boundFetch(fetch: typeof globalThis.fetch, maxBytes: number): BoundedFetch {
  const openRequest = createOpenRequests();
  const bounded: BoundedFetch = {
    fetch: async (input, init) => {
      const request = openRequest(init);
      const response = await fetch(input, { ...init, signal: request.signal }).catch((error: unknown) => {
        request.end();
        throw error;
      });
      const fail = (answer: FailedAnswer) => bounded.onFailed?.(answer);
      // 202 is the normal answer to notifications, and in the older transport to everything. Else an answer is missing.
      if (response.status === 202 && request.id !== undefined)
        setImmediate(fail, failedAnswer(request.id, INVALID, "The server gave no answer."));
      if (!response.body) {
        request.end();
        return response;
      }
      if (response.status > LAST_STATUS) {
        request.end();
        response.body.cancel().catch(() => {});
        throw new Error(`the server answered ${response.status}, which is not a valid status`);
      }
      const isStream = response.ok && typeOf(response) === "text/event-stream";
      const body = bound(response.body, maxBytes, isStream, request, fail);
      const { status, statusText, headers, url } = response;
      const copy = new Response(body, { status, statusText, headers });
      Object.defineProperty(copy, "url", { value: url });
      return copy;
    },
  };
  return bounded;
}

function bound(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  isStream: boolean,
  request: OpenRequest,
  fail: (answer: FailedAnswer) => void,
): ReadableStream<Uint8Array> {
  // The request that a stream of events must answer.
  const id = isStream ? request.id : undefined;
  const reader = body.getReader();
  const size = createMessageSize(isStream);
  const events = isStream ? createEventReader(id) : undefined;
  const failWith = (message: string) => {
    if (id !== undefined) fail(failedAnswer(id, CONNECTION_CLOSED, message));
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          request.end();
          controller.close();
          // Waits until the SDK has processed what was read before.
          if (!events?.mayEnd) setImmediate(failWith, "The server's answer broke off.");
        } else if (size.add(value) > maxBytes) {
          const message = `The server's answer is larger than ${maxBytes} bytes.`;
          request.end();
          reader.cancel().catch(() => {});
          controller.error(new Error(message));
          failWith(message);
        } else {
          controller.enqueue(value);
          for (const answer of events?.read(value) ?? []) setImmediate(fail, answer);
        }
      } catch (error) {
        request.end();
        if (request.isCancelled() && id !== undefined) {
          // Ends with an answer that no call waits for. Without it, the SDK might resume the stream.
          controller.enqueue(
            Buffer.from(`\n\ndata: {"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{}}\n\n`),
          );
          controller.close();
          return;
        }
        controller.error(error);
        if (!events?.mayEnd) failWith("The server's answer broke off.");
      }
    },
    cancel: (reason) => {
      request.end();
      return reader.cancel(reason);
    },
  });
}

/** The media type without its parameters. */
function typeOf({ headers }: Response): string | undefined {
  return headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
}
