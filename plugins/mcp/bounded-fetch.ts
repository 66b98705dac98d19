/** `fetch` for JSON-RPC over HTTP, within bounds. */
export interface BoundedFetch {
  fetch: typeof globalThis.fetch;
  /** The stream that was to answer this request has ended; it may have answered before. */
  onLost?: (id: number | string, message: string) => void;
}

/**
 * Breaks off an answer with more than `maxBytes` in one message: in its whole body, or in one event of its stream.
 * Tells of streams that end, unless the server has said that they can be resumed (an event with an id).
 */
export function boundFetch(fetch: typeof globalThis.fetch, maxBytes: number): BoundedFetch {
  const bounded: BoundedFetch = {
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (!response.body) return response;
      const isStream = response.headers.get("content-type")?.includes("text/event-stream") ?? false;
      const id = isStream && init?.method === "POST" ? idOf(init.body) : undefined;
      const body = bound(response.body, isStream, maxBytes, (message) => {
        if (id !== undefined) bounded.onLost?.(id, message);
      });
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
  isStream: boolean,
  maxBytes: number,
  onEnd: (message: string) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const size = createMessageSize(isStream);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          // After what was read before it has been looked at.
          if (!size.resumable) setImmediate(onEnd, "The server's answer broke off.");
        } else if (size.add(value) > maxBytes) {
          const message = `The server's answer is larger than ${maxBytes} bytes.`;
          reader.cancel().catch(() => {});
          controller.error(new Error(message));
          onEnd(message);
        } else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        if (!size.resumable) onEnd("The server's answer broke off.");
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
    /** Whether an event had an id. */
    resumable: false,
    add(chunk: Uint8Array): number {
      bytes += chunk.length;
      if (!isStream) return bytes;
      const text = last + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
      if (/(^|[\r\n])id:/.test(text)) this.resumable = true;
      const end = Math.max(text.lastIndexOf("\n\n"), text.lastIndexOf("\r\n\r\n"));
      if (end >= 0) bytes = text.length - end;
      last = text.slice(-4);
      return bytes;
    },
  };
}

/** Of a JSON-RPC request; a notification has none. */
function idOf(body: RequestInit["body"]): number | string | undefined {
  if (typeof body !== "string") return undefined;
  const { id } = JSON.parse(body) as { id?: number | string };
  return id;
}
