import { createEventReader } from "./event-reader.ts";
import { type FailedAnswer, failedAnswer, type RequestId } from "./failed-answer.ts";
import { CONNECTION_CLOSED } from "./session.ts";

/** `fetch` for JSON-RPC over HTTP, within bounds. */
export interface BoundedFetch {
  fetch: typeof globalThis.fetch;
  /**
   * What a call is to be told for which the SDK would wait until its time is over: its stream has ended, or has brought an
   * answer that is none.
   */
  onFailed?: (answer: FailedAnswer) => void;
}

/**
 * Breaks off an answer with more than `maxBytes` in one message: in its whole body, or in one event of its stream. What an
 * error says is read as a whole, whatever it calls itself.
 * Tells of streams that end without the answer, unless the server has said that they can be resumed.
 */
export function boundFetch(fetch: typeof globalThis.fetch, maxBytes: number): BoundedFetch {
  const bounded: BoundedFetch = {
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (!response.body) return response;
      const isStream = response.ok && typeOf(response) === "text/event-stream";
      const id = isStream && init?.method === "POST" ? idOf(init.body) : undefined;
      const body = bound(response.body, maxBytes, isStream, id, (answer) => bounded.onFailed?.(answer));
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
  id: RequestId | undefined,
  fail: (answer: FailedAnswer) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const size = createMessageSize(isStream);
  const events = isStream ? createEventReader(id) : undefined;
  const end = (message: string) => {
    if (id !== undefined) fail(failedAnswer(id, CONNECTION_CLOSED, message));
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          // After what was read before it has been looked at.
          if (!events?.mayEnd) setImmediate(end, "The server's answer broke off.");
        } else if (size.add(value) > maxBytes) {
          const message = `The server's answer is larger than ${maxBytes} bytes.`;
          reader.cancel().catch(() => {});
          controller.error(new Error(message));
          end(message);
        } else {
          controller.enqueue(value);
          for (const answer of events?.read(value) ?? []) setImmediate(fail, answer);
        }
      } catch (error) {
        controller.error(error);
        if (!events?.mayEnd) end("The server's answer broke off.");
      }
    },
    cancel: (reason) => reader.cancel(reason),
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

/** Of a JSON-RPC request; a notification has none. */
function idOf(body: RequestInit["body"]): RequestId | undefined {
  if (typeof body !== "string") return undefined;
  const { id } = JSON.parse(body) as { id?: RequestId };
  return id;
}
