import { within } from "../../../core/index.ts";
import {
  type ExecutionEnd,
  type ExecutionLimits,
  type OutputSink,
  RuntimeError,
  type Session,
  type SessionFile,
} from "../runtime.ts";
import type { Kernel, Run, RunEnd } from "./kernel.ts";
import { asRecord } from "./messages.ts";
import { Outputs } from "./outputs.ts";
import { ask } from "./python-side.ts";
import { isInside, toFiles } from "./session-files.ts";
import type { Workplace } from "./workplace.ts";

/** Milliseconds for the removal of the working directory. */
const REMOVAL_MS = 3_000;

export interface SessionLimits {
  interruptGraceMs: number;
  restartTimeoutMs: number;
  requestTimeoutMs: number;
  floodBytes: number;
}

/** What a session needs from the runtime that opened it. */
export interface SessionOwner {
  /** Call if the server has dropped outputs. */
  dropped(): void;
  /** Deletes the kernel, later if the server cannot be reached. Never rejects. */
  dispose(kernel: Kernel): Promise<void>;
}

type Stop = "timed_out" | "interrupted" | "flooded";

/** Node's WebSocket closes at a larger message. */
const TOO_LARGE = "One output of more than 128 MiB breaks it.";
const LOST = "Its variables are lost";

/** One kernel, and its working directory if it speaks Python; without one there are no files. */
export class JupyterSession implements Session {
  readonly #kernel: Kernel;
  readonly #workplace: Workplace;
  readonly #limits: SessionLimits;
  readonly #owner: SessionOwner;
  /** Why the session has ended. */
  #ended: string | undefined;
  readonly #onEnd: ((reason: string) => void)[] = [];
  #disposed: Promise<void> | undefined;

  constructor(kernel: Kernel, workplace: Workplace, limits: SessionLimits, owner: SessionOwner) {
    this.#kernel = kernel;
    this.#workplace = workplace;
    this.#limits = limits;
    this.#owner = owner;
    // A restarted kernel would have the files but not the variables, and the model would not know.
    kernel.onFate = (fate) =>
      this.#end(
        fate === "disconnected" ? "The connection to the Jupyter server broke." : "The kernel ended.",
      );
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  onEnd(run: (reason: string) => void): void {
    if (this.#ended !== undefined) run(this.#ended);
    else this.#onEnd.push(run);
  }

  async execute(code: string, sink: OutputSink, limits: ExecutionLimits): Promise<ExecutionEnd> {
    if (this.#ended !== undefined) return { kind: "died", reason: this.#ended };
    const { promise: stopped, resolve: stop } = Promise.withResolvers<{ kind: Stop }>();
    const outputs = new Outputs(sink, this.#limits.floodBytes, {
      flooded: () => stop({ kind: "flooded" }),
      dropped: () => this.#owner.dropped(),
    });
    const leave = () => stop({ kind: "interrupted" });
    if (limits.signal.aborted) return { kind: "interrupted", lost: false };
    const run = this.#kernel.run(code, { onOutput: (message) => outputs.take(message) });
    const timer = setTimeout(stop, limits.timeoutMs, { kind: "timed_out" });
    limits.signal.addEventListener("abort", leave);
    const first = await Promise.race([run.ended, stopped]);
    clearTimeout(timer);
    limits.signal.removeEventListener("abort", leave);
    switch (first.kind) {
      case "timed_out":
      case "interrupted":
      case "flooded":
        return this.#stop(run, first.kind, sink);
      default:
        return this.#toEnd(first);
    }
  }

  async files(limit: number, signal: AbortSignal): Promise<SessionFile[]> {
    if (!this.#workplace.directory) return [];
    const answer = await this.#workplace.ask(ask.files(limit), this.#limits.requestTimeoutMs, signal);
    return answer.kind === "data" ? toFiles(answer.data, limit) : [];
  }

  async read(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    if (!this.#workplace.directory || !isInside(path)) throw notFound();
    const answer = await this.#workplace.ask(ask.read(path, maxBytes), this.#limits.requestTimeoutMs, signal);
    if (answer.kind === "not_found") throw notFound();
    if (answer.kind === "too_large" || answer.data.length > maxBytes)
      throw new RuntimeError("too_large", `The file is larger than ${maxBytes} bytes.`);
    return answer.data;
  }

  async close(): Promise<void> {
    if (this.#disposed === undefined && this.#kernel.connected && this.#workplace.directory) {
      const never = new AbortController().signal;
      await this.#workplace.ask(ask.remove(), REMOVAL_MS, never).catch(() => {});
    }
    this.#end("The session was closed.");
    await this.#disposed;
  }

  async #toEnd(end: RunEnd): Promise<ExecutionEnd> {
    switch (end.kind) {
      case "replied":
        if (!asksToExit(end.reply)) return { kind: end.ok ? "finished" : "raised" };
        // Otherwise the kernel would exit just after it has received the next code.
        await this.#restart();
        return { kind: "exited" };
      case "restarting": {
        await this.#recover();
        const why = "it ended itself or was killed, perhaps for want of memory";
        return { kind: "died", reason: `The process of the code ended: ${why}.` };
      }
      case "dead":
        return this.#die("The process of the code ended, and could not be started again.");
      case "disconnected":
        return this.#die(`The connection to the Jupyter server broke while the code ran. ${TOO_LARGE}`);
    }
  }

  #die(reason: string): ExecutionEnd {
    this.#end(reason);
    return { kind: "died", reason };
  }

  /** Interrupts the code, and restarts the kernel if the code does not stop. */
  async #stop(run: Run, why: Stop, sink: OutputSink): Promise<ExecutionEnd> {
    const end = await this.#interrupt(run);
    if (end?.kind === "dead" || end?.kind === "disconnected") return this.#toEnd(end);
    if (end?.kind === "replied" && !asksToExit(end.reply)) return this.#stopped(why, false, sink);
    run.abandon();
    await (end?.kind === "restarting" ? this.#recover() : this.#restart());
    return this.#stopped(why, true, sink);
  }

  #stopped(why: Stop, lost: boolean, sink: OutputSink): ExecutionEnd {
    if (why !== "flooded") return { kind: why, lost };
    const flood = `The code printed more than ${this.#limits.floodBytes} bytes and was stopped.`;
    if (lost) return { kind: "died", reason: `${flood} ${LOST}.` };
    sink.text("traceback", `${flood}\n`);
    return { kind: "raised" };
  }

  /** Interrupts the code. Resolves with how it ended; `undefined` if it did not end in time. */
  async #interrupt(run: Run): Promise<RunEnd | undefined> {
    const late = () => new Error("the code still runs");
    try {
      await this.#kernel.interrupt();
      await within({ ms: this.#limits.interruptGraceMs, late }, Promise.race([run.ended, run.replied]));
    } catch {
      return undefined;
    }
    // Once the code has ended, its last outputs may take longer.
    return run.ended;
  }

  /** Restarts the kernel. Returns whether the session continues, without its variables. */
  async #restart(): Promise<boolean> {
    try {
      await this.#kernel.restart(this.#limits.restartTimeoutMs);
    } catch {
      this.#end("The kernel could not be restarted.");
      return false;
    }
    return this.#recover();
  }

  /** Waits for the server to replace the ended process. Returns whether the session continues. */
  async #recover(): Promise<boolean> {
    try {
      await this.#workplace.prepare(AbortSignal.timeout(this.#limits.restartTimeoutMs));
      return this.alive;
    } catch {
      this.#end("The kernel did not come back after its process had ended.");
      return false;
    }
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#disposed = this.#owner.dispose(this.#kernel);
    for (const run of this.#onEnd.splice(0)) run(reason);
  }
}

/** Jupyter messaging: `exit()` and `quit()` announce this unless they were called to keep the kernel. */
function asksToExit({ payload }: Readonly<Record<string, unknown>>): boolean {
  return (
    Array.isArray(payload) &&
    payload.map(asRecord).some(({ source, keepkernel }) => source === "ask_exit" && keepkernel !== true)
  );
}

const notFound = () => new RuntimeError("not_found", "There is no such file in the working directory.");
