import {
  type ExecutionEnd,
  type ExecutionLimits,
  type OutputSink,
  RuntimeError,
  type Session,
  type SessionFile,
} from "../runtime.ts";
import { FILE_PART_BYTES, MAX_IMAGE_BYTES, MAX_PATH_CHARACTERS } from "./child/limits.ts";
import type { PythonProcess } from "./child-process.ts";
import type { ChildMessage, Command } from "./messages.ts";
import type { PyodideSettings } from "./options.ts";

/** Bytes that a message takes beyond its text: names, quotes and what comes with each line. */
const MESSAGE_BYTES = 1024 * 1024;
/** Bytes of a character in JSON at most: \u0000. */
const CHARACTER_BYTES = 6;
/** Milliseconds beyond limit and grace after which a child ends itself. */
const LIFETIME_MARGIN_MS = 10_000;

const base64Bytes = (bytes: number) => Math.ceil((bytes * 4) / 3);

/** One Python process: its variables, and the files in its memory. */
export class PyodideSession implements Session {
  readonly #process: PythonProcess;
  readonly #settings: PyodideSettings;
  /** Called when the process ends while a command waits for its answer. */
  #waiting: ((reason: string) => void) | undefined;

  constructor(process: PythonProcess, settings: PyodideSettings) {
    this.#process = process;
    this.#settings = settings;
    process.onEnd((reason) => this.#waiting?.(reason));
  }

  /** The id of the process that runs Python; `undefined` after its end. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  onEnd(run: (reason: string) => void): void {
    this.#process.onEnd(run);
  }

  /** The process's memory in bytes; `undefined` if the system does not tell. */
  get residentBytes(): number | undefined {
    return this.#process.residentBytes;
  }

  async close(): Promise<void> {
    await this.#process.kill("The session was closed.");
  }

  async execute(code: string, sink: OutputSink, limits: ExecutionLimits): Promise<ExecutionEnd> {
    const { timeoutMs, signal, logCharacters } = limits;
    if (signal.aborted) return { kind: "interrupted", lost: !this.alive };
    let stopped: "timed_out" | "interrupted" | undefined;
    const timers: NodeJS.Timeout[] = [];
    const stop = (kind: "timed_out" | "interrupted") => {
      if (stopped) return;
      stopped = kind;
      const { interruptGraceMs } = this.#settings;
      this.#process.interrupt();
      // asyncio treats the first interrupt as a request to cancel; only the second one stops it.
      timers.push(setTimeout(() => this.#process.interrupt(), interruptGraceMs / 2));
      timers.push(setTimeout(() => void this.#process.kill("The code did not stop."), interruptGraceMs));
    };
    const abort = () => stop("interrupted");
    signal.addEventListener("abort", abort);
    timers.push(setTimeout(() => stop("timed_out"), timeoutMs));
    try {
      const lifetimeMs = timeoutMs + this.#settings.interruptGraceMs + LIFETIME_MARGIN_MS;
      const end = await this.#ask<ExecutionEnd>(
        { type: "execute", code, logCharacters, lifetimeMs },
        logCharacters * CHARACTER_BYTES * 2 + base64Bytes(MAX_IMAGE_BYTES) + MESSAGE_BYTES,
        (message) => toEnd(message, sink),
        (reason) => ({ kind: "died", reason }),
      );
      if (!stopped) return end;
      return { kind: stopped, lost: !this.alive };
    } finally {
      signal.removeEventListener("abort", abort);
      for (const timer of timers) clearTimeout(timer);
    }
  }

  async files(limit: number, signal: AbortSignal): Promise<SessionFile[]> {
    const allowance = (limit + 1) * (MAX_PATH_CHARACTERS * CHARACTER_BYTES + 100);
    return await this.#askWithin({ type: "files", limit }, allowance, signal, (message) =>
      message.type === "files" && message.files.length <= limit ? message.files : undefined,
    );
  }

  async read(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    if (path.length > MAX_PATH_CHARACTERS) throw notFound();
    const parts: Buffer[] = [];
    const lines = Math.ceil(maxBytes / FILE_PART_BYTES) + 1;
    const allowance = base64Bytes(maxBytes) + lines * 100 + MESSAGE_BYTES;
    const failure = await this.#askWithin<RuntimeError | "read">(
      { type: "read", path, maxBytes },
      allowance,
      signal,
      (message) => {
        if (message.type === "unread") return message.code === "not_found" ? notFound() : tooLarge(maxBytes);
        if (message.type === "read") return "read";
        if (message.type === "part") parts.push(Buffer.from(message.base64, "base64"));
        return message.type === "part" ? "more" : undefined;
      },
    );
    if (failure instanceof RuntimeError) throw failure;
    const bytes = Buffer.concat(parts);
    if (bytes.length > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  }

  /** Sends a command for files, with a time limit. @throws RuntimeError if there is no answer; the signal's reason */
  async #askWithin<T>(
    command: Command,
    allowance: number,
    signal: AbortSignal,
    read: (message: ChildMessage) => T | "more" | undefined,
  ): Promise<T> {
    signal.throwIfAborted();
    const kill = () => void this.#process.kill("Its files could not be read in time.");
    const timer = setTimeout(kill, this.#settings.fileTimeoutMs);
    try {
      const answer = await this.#ask<T | RuntimeError>(
        command,
        allowance,
        read,
        (reason) => new RuntimeError("unavailable", reason),
      );
      signal.throwIfAborted();
      if (answer instanceof RuntimeError && answer.reason === "unavailable") throw answer;
      return answer as T;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends a command, and passes each message to `read` until it returns an answer. If it returns `undefined`, the
   * message breaks the protocol and the process is ended.
   */
  #ask<T>(
    command: Command,
    allowance: number,
    read: (message: ChildMessage) => T | "more" | undefined,
    ended: (reason: string) => T,
  ): Promise<T> {
    if (this.#waiting) throw new RuntimeError("busy", "The session is at work.");
    const { promise, resolve } = Promise.withResolvers<T>();
    let gone: string | undefined;
    const settle = (answer: T) => {
      this.#waiting = undefined;
      this.#process.listen(undefined, 0);
      resolve(answer);
    };
    this.#waiting = (reason) => settle(ended(gone ?? reason));
    if (!this.alive) {
      // The process may already have ended, or may be about to end.
      this.#process.onEnd((reason) => this.#waiting?.(reason));
      return promise;
    }
    this.#process.listen((message) => {
      if (message.type === "gone") {
        gone = toReason(message);
        // After this message the process gets no further commands.
        void this.#process.kill(gone);
        return;
      }
      const answer = read(message);
      if (answer === undefined) void this.#process.kill("Its process said what it may not.");
      else if (answer !== "more") settle(answer as T);
    }, allowance);
    this.#process.tell(command);
    return promise;
  }
}

function toEnd(message: ChildMessage, sink: OutputSink): ExecutionEnd | "more" | undefined {
  switch (message.type) {
    case "text":
      sink.text(message.stream, message.text);
      return "more";
    case "cut":
      sink.cut(message.count);
      return "more";
    case "image":
      sink.image(message.mediaType, message.base64);
      return "more";
    case "end":
      return { kind: message.kind };
    default:
      return undefined;
  }
}

const toReason = ({ reason, detail }: Extract<ChildMessage, { type: "gone" }>) =>
  reason === "exit" ? "The code ended its process." : `Python broke down: ${detail.replace(/\.?$/, ".")}`;

const notFound = () => new RuntimeError("not_found", "There is no such file.");
const tooLarge = (maxBytes: number) =>
  new RuntimeError("too_large", `The file has more than ${maxBytes} bytes.`);
