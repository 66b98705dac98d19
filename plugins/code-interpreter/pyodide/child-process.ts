import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import { INTERRUPT_FD, SNAPSHOT_FD } from "./child/limits.ts";
import {
  type ChildMessage,
  type ChildSettings,
  type Command,
  MAX_LINE_BYTES,
  parseChildMessage,
} from "./messages.ts";
import { firstChildOf, residentMemoryOf } from "./resident-memory.ts";

/** Characters kept of the end of the child's standard error, for the log. */
const LAST_WORDS_CHARACTERS = 2_000;
/** Milliseconds between looks at the memory of a child that is at work. */
const MEMORY_LOOK_MS = 50;
/** Milliseconds for the system to end what was killed. */
const KILL_TIMEOUT_MS = 2_000;

export interface ChildOptions {
  /** The program and its arguments, wrapped, without the settings. */
  command: readonly string[];
  /** Whether the command waits for the real child rather than becoming it. */
  wrapped: boolean;
  settings: ChildSettings;
  snapshotFd: number | undefined;
  /** Most bytes of the whole process, with those beyond `memoryMiB`. */
  maxResidentBytes: number;
  /** The limit that the error for the code names. */
  memoryMiB: number;
}

/** One Python process, as the gateway sees it. Nothing that the process sends is trusted. */
export class PythonProcess {
  readonly #process: ChildProcess;
  readonly #wrapped: boolean;
  readonly #interruptFd: number;
  readonly #residentBytes: () => number | undefined;
  readonly #maxResidentBytes: number;
  readonly #memoryMiB: number;
  readonly #closed = Promise.withResolvers<void>();
  #memoryLooks: NodeJS.Timeout | undefined;
  #interrupts = 0;
  #line: Buffer[] = [];
  #lineBytes = 0;
  /** How many bytes the process may still send. */
  #allowance = MAX_LINE_BYTES;
  #listener: ((message: ChildMessage) => void) | undefined;
  #reason: string | undefined;
  #ended = false;
  #onEnd: ((reason: string) => void)[] = [];
  lastWords = "";

  constructor({ command, wrapped, settings, snapshotFd, maxResidentBytes, memoryMiB }: ChildOptions) {
    this.#wrapped = wrapped;
    this.#maxResidentBytes = maxResidentBytes;
    this.#memoryMiB = memoryMiB;
    this.#interruptFd = openUnnamed();
    const [file = "", ...args] = [...command, JSON.stringify(settings)];
    const stdio: (number | "pipe" | "ignore")[] = ["pipe", "pipe", "pipe"];
    stdio[INTERRUPT_FD] = this.#interruptFd;
    stdio[SNAPSHOT_FD] = snapshotFd ?? "ignore";
    // A process group of its own: Ctrl+C at the gateway's terminal is the gateway's.
    this.#process = spawn(file, args, { env: {}, cwd: parse(process.execPath).root, stdio, detached: true });
    this.#residentBytes = residentMemoryOf(this.#process.pid ?? 0, wrapped);
    this.#process.stdout?.on("data", (part: Buffer) => this.#read(part));
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-LAST_WORDS_CHARACTERS);
    });
    // The process may end before it has read its input. Its end is reported elsewhere.
    for (const stream of this.#process.stdio) stream?.on("error", () => {});
    this.#process.on("error", (error) => this.#end(`It did not start: ${error.message}.`));
    this.#process.on("close", (code, signal) => {
      this.#end(signal ? `Its process was ended by ${signal}.` : `Its process ended with exit code ${code}.`);
      this.#closed.resolve();
    });
  }

  get alive(): boolean {
    return !this.#ended && this.#reason === undefined;
  }

  /** The id of the process that runs Python; `undefined` before it is known and after its end. */
  get pid(): number | undefined {
    const { pid } = this.#process;
    if (!this.#wrapped || pid === undefined) return pid;
    try {
      return firstChildOf(pid);
    } catch {
      return undefined;
    }
  }

  /** The process's memory in bytes; `undefined` if the system does not tell. */
  get residentBytes(): number | undefined {
    return this.#residentBytes();
  }

  onEnd(run: (reason: string) => void): void {
    if (this.#ended) run(this.#reason ?? "");
    else this.#onEnd.push(run);
  }

  /** Sets the listener for the process's messages. A message without a listener breaks the protocol. */
  listen(listener: ((message: ChildMessage) => void) | undefined, allowanceBytes: number): void {
    this.#listener = listener;
    this.#allowance = allowanceBytes;
    clearInterval(this.#memoryLooks);
    if (listener) this.#memoryLooks = setInterval(() => this.#lookAtMemory(), MEMORY_LOOK_MS).unref();
  }

  tell(command: Command): void {
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Raises KeyboardInterrupt in the running code. */
  interrupt(): void {
    this.#interrupts = (this.#interrupts % 255) + 1;
    if (!this.#ended) writeSync(this.#interruptFd, Uint8Array.of(this.#interrupts), 0, 1, 0);
  }

  /** @param reason a sentence for the model */
  kill(reason: string): Promise<void> {
    if (!this.#ended) {
      this.#reason ??= reason;
      this.#process.kill("SIGKILL");
      // Does not wait for other processes that still hold the streams open.
      setTimeout(() => {
        for (const stream of this.#process.stdio) stream?.destroy();
        this.#end(reason);
        this.#closed.resolve();
      }, KILL_TIMEOUT_MS).unref();
    }
    return this.#closed.promise;
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reason ??= reason;
    this.listen(undefined, 0);
    closeSync(this.#interruptFd);
    for (const run of this.#onEnd.splice(0)) run(this.#reason);
  }

  #lookAtMemory(): void {
    if ((this.residentBytes ?? 0) > this.#maxResidentBytes)
      void this.kill(`The code used more than ${this.#memoryMiB} MiB.`);
  }

  #read(part: Buffer): void {
    if (!this.alive) return;
    this.#allowance -= part.length;
    if (this.#allowance < 0) return void this.kill("Its process said more than it may.");
    let from = 0;
    for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, from)) {
      const line = Buffer.concat([...this.#line, part.subarray(from, end)]).toString();
      this.#line = [];
      this.#lineBytes = 0;
      from = end + 1;
      this.#hear(line);
      if (!this.alive) return;
    }
    if (from === part.length) return;
    this.#line.push(part.subarray(from));
    this.#lineBytes += part.length - from;
    if (this.#lineBytes > MAX_LINE_BYTES) void this.kill("Its process said more than it may.");
  }

  #hear(line: string): void {
    let message: ChildMessage;
    try {
      message = parseChildMessage(line);
    } catch {
      return void this.kill("Its process said what it may not.");
    }
    if (this.#listener) this.#listener(message);
    else void this.kill("Its process said what it may not.");
  }
}

/** A file of one byte that has no name any more. */
function openUnnamed(): number {
  const path = join(tmpdir(), `vr-interrupt-${randomBytes(8).toString("hex")}`);
  const fd = openSync(path, "wx+", 0o600);
  rmSync(path);
  writeSync(fd, Uint8Array.of(0), 0, 1, 0);
  return fd;
}
