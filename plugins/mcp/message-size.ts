/** Counts the bytes of one message: the whole body, or in a stream the bytes since the last blank line. */
export function createMessageSize(isStream: boolean) {
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
