import type { DestinationStream } from "pino";
import { forPeople } from "./log-text.ts";
import { MOST_WAITING_BYTES, neverWaiting, writtenOut } from "./standard-streams.ts";

/** Lines are written once they have this many characters, or after this many milliseconds. */
const GATHERED_CHARS = 8_192;
const FLUSH_MS = 200;

/**
 * Writes log lines: as JSON, or on a terminal as text for people. Lines are written in groups, since one write per
 * response costs half as much as the response itself. No write waits for the reader: while more than
 * `MOST_WAITING_BYTES` are unread, lines are dropped, and the next line written has their number in `dropped`.
 */
export class LogOutput implements DestinationStream {
  readonly #stream: NodeJS.WriteStream;
  readonly #format: ((line: string) => string) | undefined;
  #text = "";
  #lines = 0;
  #dropped = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = neverWaiting(stream);
    this.#format = stream.isTTY ? forPeople(stream.hasColors()) : undefined;
  }

  /** Takes one line of JSON, with its line feed. */
  write(line: string): void {
    if (this.#text.length + this.#stream.writableLength > MOST_WAITING_BYTES) {
      this.#dropped++;
      return;
    }
    const complete = this.#dropped === 0 ? line : tellDropped(line, this.#dropped);
    this.#dropped = 0;
    this.#text += this.#format ? this.#format(complete) : complete;
    this.#lines++;
    if (this.#format || this.#text.length >= GATHERED_CHARS) this.flush();
  }

  /** Writes the lines gathered so far. */
  flush(): void {
    if (this.#lines === 0) return;
    const lines = this.#lines;
    const text = this.#text;
    this.#lines = 0;
    this.#text = "";
    this.#stream.write(text, (error) => {
      if (error) this.#dropped += lines;
    });
  }

  /** The last flush: resolves once everything is written, at the latest after `ms` milliseconds. */
  end(ms: number): Promise<void> {
    this.flush();
    return writtenOut(this.#stream, ms);
  }

  /** Flushes at intervals, and when the process exits. */
  flushRegularly(): this {
    setInterval(() => this.flush(), FLUSH_MS).unref();
    process.on("exit", () => this.flush());
    return this;
  }
}

function tellDropped(line: string, dropped: number): string {
  return `${line.slice(0, line.lastIndexOf("}"))},"dropped":${dropped}}\n`;
}

let standardError: LogOutput | undefined;

/** The output to this process's standard error. */
export function logOutput(): LogOutput {
  standardError ??= new LogOutput(process.stderr).flushRegularly();
  return standardError;
}
