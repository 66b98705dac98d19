import { createEventReader } from "./event-reader.ts";
import { type FailedAnswer, failedAnswer, type RequestId } from "./failed-answer.ts";
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
 * Ends the request of a call that is cancelled: its server may never do so.
 */
export function boundFetch(fetch: typeof globalThis.fetch, maxBytes: number): BoundedFetch {
  const open = new Map<RequestId, AbortController>();
  const bounded: BoundedFetch = {
    fetch: async (input, init) => {
      const { id, cancels } = init?.method === "POST" ? readSent(init.body) : {};
      if (cancels !== undefined) open.get(cancels)?.abort(new Error("the call was cancelled"));
      const ending = new AbortController();
      if (id !== undefined) open.set(id, ending);
      const forget = () => {
        if (id !== undefined) open.delete(id);
      };
      const signal = init?.signal ? AbortSignal.any([init.signal, ending.signal]) : ending.signal;
      const response = await fetch(input, { ...init, signal }).catch((error: unknown) => {
        forget();
        throw error;
      });
      // So notifications are answered, and by the older transport everything is.
      if (response.status === 202 && id !== undefined)
        setImmediate(() => bounded.onFailed?.(failedAnswer(id, INVALID, "The server gave no answer.")));
      if (!response.body) {
        forget();
        return response;
      }
      if (response.status > LAST_STATUS) {
        forget();
        response.body.cancel().catch(() => {});
        throw new Error(`the server answered ${response.status}, which is no status`);
      }
      const isStream = response.ok && typeOf(response) === "text/event-stream";
      const request: OpenRequest = {
        id: isStream ? id : undefined,
        cancelled: ending.signal,
        end: forget,
        fail: (answer) => bounded.onFailed?.(answer),
      };
      const body = bound(response.body, maxBytes, isStream, request);
      const { status, statusText, headers, url } = response;
      const copy = new Response(body, { status, statusText, headers });
      Object.defineProperty(copy, "url", { value: url });
      return copy;
    },
  };
  return bounded;
}

interface OpenRequest {
  /** Whose answer a stream of events is to bring. */
  id: RequestId | undefined;
  cancelled: AbortSignal;
  /** Called when nothing more of it is read. */
  end(): void;
  fail(answer: FailedAnswer): void;
}

function bound(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  isStream: boolean,
  { id, cancelled, end, fail }: OpenRequest,
): ReadableStream<Uint8Array> {
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
          end();
          controller.close();
          // After what was read before it has been looked at.
          if (!events?.mayEnd) setImmediate(failWith, "The server's answer broke off.");
        } else if (size.add(value) > maxBytes) {
          const message = `The server's answer is larger than ${maxBytes} bytes.`;
          end();
          reader.cancel().catch(() => {});
          controller.error(new Error(message));
          failWith(message);
        } else {
          controller.enqueue(value);
          for (const answer of events?.read(value) ?? []) setImmediate(fail, answer);
        }
      } catch (error) {
        end();
        if (cancelled.aborted && id !== undefined) {
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
      end();
      return reader.cancel(reason);
    },
  });
}

/** Counts the bytes of one message: of all, or in a stream since the last blank line. */
function createMessageSize(isStream: boolean) {
  let bytes = 0;
  let last = "";
  return {
    add(chunk: Uint8Array): number {
      bytes += chunk.length;
      if (!isStream) return bytes;
      const text = last + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
      const end = Math.max(text.lastIndexOf("\n\n"), text.lastIndexOf("\r\n\r\n"));
      if (end >= 0) bytes = text.length - end;
      last = text.slice(-4);
      return bytes;
    },
  };
}

/** The media type without its parameters. */
function typeOf({ headers }: Response): string | undefined {
  return headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
}

/** What a JSON-RPC message asks by its id, or cancels by another's. */
function readSent(body: RequestInit["body"]): { id?: RequestId; cancels?: RequestId } {
  if (typeof body !== "string") return {};
  const { id, method, params } = JSON.parse(body);
  return method === "notifications/cancelled" ? { cancels: params?.requestId } : { id };
}
