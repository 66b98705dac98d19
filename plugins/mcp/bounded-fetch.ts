import { createEventReader } from "./event-reader.ts";
import { type FailedAnswer, failedAnswer } from "./failed-answer.ts";
import { createMessageSize } from "./message-size.ts";
import { createOpenRequests, type OpenRequest } from "./open-requests.ts";
import { CONNECTION_CLOSED, INVALID } from "./session.ts";

/** `fetch` for JSON-RPC over HTTP, within bounds. */
export interface BoundedFetch {
  fetch: typeof globalThis.fetch;
  /**
   * What a call is to be told for which the SDK would wait until its time is over: its stream has ended, or has brought an
   * answer that is none.
   */
  onFailed?: (answer: FailedAnswer) => void;
}

/** Of what `Response` takes. */
const LAST_STATUS = 599;

/**
 * Breaks off an answer with more than `maxBytes` in one message: in its whole body, or in one event of its stream. What an
 * error says is read as a whole, whatever it calls itself.
 * Tells of streams that end without the answer, unless the server has said that they can be resumed.
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
      // So notifications are answered, and by the older transport everything is.
      if (response.status === 202 && request.id !== undefined)
        setImmediate(fail, failedAnswer(request.id, INVALID, "The server gave no answer."));
      if (!response.body) {
        request.end();
        return response;
      }
      if (response.status > LAST_STATUS) {
        request.end();
        response.body.cancel().catch(() => {});
        throw new Error(`the server answered ${response.status}, which is no status`);
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
  // Whose answer a stream of events is to bring.
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
          // After what was read before it has been looked at.
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
          // With an answer, which nobody waits for: without one the SDK might resume the stream.
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
