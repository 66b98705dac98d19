/** A line of a server's output: a whole message, or a line that was too long to keep. */
export type Line = { kind: "line"; text: string } | { kind: "too_long"; id: number | undefined };

/** Bytes kept of a long line's beginning and end, to find out which call it answers. */
const EDGE = 256;
const NEWLINE = 0x0a;

/**
 * Splits a stream of bytes into lines. Of a line over `maxBytes` only the beginning and the end are kept, since the
 * id of the call that it answers is first or last in a JSON-RPC message.
 */
export function createLineReader(maxBytes: number): (bytes: Buffer) => Line[] {
  let parts: Buffer[] = [];
  let size = 0;
  /** The beginning of a line that is too long. */
  let head: Buffer | undefined;
  let tail = Buffer.alloc(0);

  const add = (bytes: Buffer) => {
    size += bytes.length;
    if (head) tail = lastOf(tail, bytes);
    else {
      parts.push(bytes);
      if (size <= maxBytes) return;
      const all = Buffer.concat(parts);
      head = Buffer.from(all.subarray(0, EDGE));
      tail = Buffer.from(all.subarray(-EDGE));
      parts = [];
    }
  };
  const end = (): Line => {
    const line: Line = head
      ? { kind: "too_long", id: idIn(head.toString("latin1"), tail.toString("latin1")) }
      : { kind: "line", text: (parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)).toString() };
    parts = [];
    size = 0;
    head = undefined;
    return line;
  };
  return (bytes) => {
    const lines: Line[] = [];
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      add(bytes.subarray(from, at));
      lines.push(end());
      from = at + 1;
    }
    if (from < bytes.length) add(bytes.subarray(from));
    return lines;
  };
}

function lastOf(tail: Buffer, bytes: Buffer): Buffer<ArrayBuffer> {
  return Buffer.from((bytes.length >= EDGE ? bytes : Buffer.concat([tail, bytes])).subarray(-EDGE));
}

/** The id of a message whose beginning and end are known. */
function idIn(head: string, tail: string): number | undefined {
  const last =
    /"id"\s*:\s*(\d+)\s*\}\s*$/.exec(tail) ??
    /"id"\s*:\s*(\d+)\s*,\s*"jsonrpc"\s*:\s*"2\.0"\s*\}\s*$/.exec(tail);
  const first = /^\s*\{(?:\s*"jsonrpc"\s*:\s*"2\.0"\s*,)?\s*"id"\s*:\s*(\d+)\s*,/.exec(head);
  const id = last?.[1] ?? first?.[1];
  return id === undefined ? undefined : Number(id);
}
