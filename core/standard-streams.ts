import type { Log } from "./context.ts";

/** Most bytes that may wait for a stream's reader; further writes are dropped. */
export const MOST_WAITING_BYTES = 1024 * 1024;

type Stream = NodeJS.WriteStream;

type Write = (chunk: string | Uint8Array, done?: (error?: Error | null) => void) => boolean;

/** The prepared streams, with their original `write`. */
const prepared = new WeakMap<Stream, Write>();

/**
 * Prepares standard output or error so that no write ever blocks. Pipes and sockets never block, but a stopped terminal
 * does. A reader that has left is not an error of the gateway.
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
 * Limits the bytes that the whole process, plugins included, has waiting on a stream. Further writes are dropped, and
 * their number is logged after the next write.
 */
export function boundWrites(stream: Stream, name: string, log: Log): void {
  const write = neverWaiting(stream).write.bind(stream) as Write;
  let dropped = 0;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    if (stream.writableLength > MOST_WAITING_BYTES) {
      dropped++;
      const done = rest.at(-1);
      if (typeof done === "function") process.nextTick(done, new Error(`${name} is not being read`));
      return false;
    }
    if (dropped > 0) {
      log.warn({ dropped }, `the reader of ${name} stalled: writes were dropped`);
      dropped = 0;
    }
    return write(chunk, ...(rest as []));
  };
}

/** Resolves once everything is written, or a write has failed, or `ms` milliseconds have passed. */
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
