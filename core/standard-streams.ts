import type { Log } from "./context.ts";

/** Bytes that may wait for the reader of a stream; what comes on top is dropped. */
export const MOST_WAITING_BYTES = 1024 * 1024;

type Stream = NodeJS.WriteStream;

type Write = (chunk: string | Uint8Array, done?: (error?: Error | null) => void) => boolean;

/** The streams that were prepared, with their own `write`. */
const prepared = new WeakMap<Stream, Write>();

/**
 * Standard output or error, made so that no write ever waits for its reader: pipes and sockets are so already, a
 * terminal that was stopped is not. A reader that has left is no error of the gateway.
 */
export function neverWaiting(stream: Stream): Stream {
  if (prepared.has(stream)) return stream;
  prepared.set(stream, stream.write.bind(stream));
  stream.on("error", () => {});
  const { _handle: handle } = stream as { _handle?: { setBlocking?(on: boolean): void } };
  if (stream.isTTY) handle?.setBlocking?.(false);
  return stream;
}

/**
 * Bounds what the whole process, plugins included, leaves waiting on a stream: further writes are dropped, and the log
 * is told how many as soon as one gets out.
 */
export function boundWrites(stream: Stream, name: string, log: Log): void {
  const write = neverWaiting(stream).write.bind(stream) as Write;
  let dropped = 0;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    if (stream.writableLength > MOST_WAITING_BYTES) {
      dropped++;
      const done = rest.at(-1);
      if (typeof done === "function") process.nextTick(done, new Error(`nobody reads ${name}`));
      return false;
    }
    if (dropped > 0) {
      log.warn({ dropped }, `nobody read ${name}: writes were dropped`);
      dropped = 0;
    }
    return write(chunk, ...(rest as []));
  };
}

/** Resolves once all that was written is out, or has failed, or `ms` milliseconds have passed. */
export function writtenOut(stream: Stream, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const write = prepared.get(stream) ?? (stream.write.bind(stream) as Write);
    write("", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
