import { readSync, writeSync } from "node:fs";
import type { ChildMessage, Command } from "../messages.ts";

const READ_BYTES = 64 * 1024;
const COMMANDS_FD = 0;
const MESSAGES_FD = 1;

/** Written before it returns, so that nothing is lost when the process is killed after it. */
export function send(message: ChildMessage): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < line.length; ) at += writeSync(MESSAGES_FD, line, at);
}

/** Waits for each command with the whole process; ends when the gateway closes the stream or is gone. */
export function* commands(): Generator<Command, void> {
  const part = Buffer.alloc(READ_BYTES);
  let begun: Buffer[] = [];
  for (let read = readSync(COMMANDS_FD, part); read > 0; read = readSync(COMMANDS_FD, part)) {
    let from = 0;
    for (let end = part.indexOf(10); end >= 0 && end < read; end = part.indexOf(10, from)) {
      const line = Buffer.concat([...begun, part.subarray(from, end)]).toString();
      begun = [];
      from = end + 1;
      yield JSON.parse(line);
    }
    if (from < read) begun.push(Buffer.from(part.subarray(from, read)));
  }
}
