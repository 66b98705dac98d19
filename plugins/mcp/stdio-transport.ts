import { type Child, type Program, startChild } from "./child.ts";
import { failedAnswer, readFailed } from "./failed-answer.ts";
import { createLineReader, type Line } from "./message-lines.ts";
import type { RpcTransport } from "./rpc-transport.ts";
import { TOO_LARGE } from "./session.ts";

export interface StdioOptions extends Program {
  /** Most bytes of one message. If a call's answer is larger, only that call fails. */
  messageBytes: number;
  /** Called with each line of the server's standard error. */
  onStderr(line: string): void;
}

/** Most characters kept of a line of standard error. Less is shown, after secrets are removed. */
const STDERR_LINE = 10_000;

/** A server in its own process that speaks JSON-RPC on standard input and output, one message per line. */
export class StdioTransport implements RpcTransport {
  onmessage?: RpcTransport["onmessage"];
  onclose?: RpcTransport["onclose"];
  onerror?: RpcTransport["onerror"];
  /** How the process ended, such as "ended with code 1"; `undefined` while it runs. */
  ending: string | undefined;
  readonly #options: StdioOptions;
  #child: Child | undefined;

  constructor(options: StdioOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { messageBytes, onStderr, ...program } = this.#options;
    const child = await startChild(program);
    this.#child = child;
    const { stdout, stderr, stdin } = child.process;
    const read = createLineReader(messageBytes);
    stdout.on("data", (bytes: Buffer) => {
      for (const line of read(bytes)) this.#receive(line);
    });
    const readStderr = createLineReader(64 * 1024);
    stderr.on("data", (bytes: Buffer) => {
      for (const line of readStderr(bytes))
        if (line.kind === "line" && line.text.trim() !== "") onStderr(line.text.slice(0, STDERR_LINE).trim());
    });
    stdin.on("error", (error) => this.onerror?.(error));
    child.process.once("close", (code, signal) => {
      this.ending = signal ? `ended by ${signal}` : `ended with code ${code}`;
      this.onclose?.();
    });
  }

  #receive(line: Line): void {
    if (line.kind === "too_long") {
      const message = `The server's answer is larger than ${this.#options.messageBytes} bytes.`;
      if (line.id === undefined) this.onerror?.(new Error(message));
      else this.#deliver(failedAnswer(line.id, TOO_LARGE, message));
      return;
    }
    const message = parseMessage(line.text);
    if (message) this.#deliver(readFailed(message) ?? message);
    else if (line.text.trim() !== "") this.onerror?.(new Error("a line that is not a JSON-RPC message"));
  }

  #deliver(message: object): void {
    this.onmessage?.(message as never);
  }

  async send(message: object): Promise<void> {
    const stdin = this.#child?.process.stdin;
    if (!stdin?.writable) throw new Error("the server has ended");
    if (stdin.write(`${JSON.stringify(message)}\n`)) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        stdin.off("drain", go).off("close", go);
        resolve();
      };
      stdin.on("drain", go).on("close", go);
    });
  }

  async close(): Promise<void> {
    await this.#child?.end();
  }
}

/** Parses a line; `undefined` if it is not a message. Many servers print other things on standard output. */
function parseMessage(text: string): object | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const value = JSON.parse(text) as { jsonrpc?: unknown };
    return value.jsonrpc === "2.0" ? value : undefined;
  } catch {
    return undefined;
  }
}
