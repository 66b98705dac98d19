import { untilAborted } from "../../../core/index.ts";
import { RuntimeError } from "../runtime.ts";
import type { Kernel, KernelInfo } from "./kernel.ts";
import { asRecord } from "./messages.ts";
import { type Answer, ask, readAnswer, toPrepare } from "./python-side.ts";

export interface WorkplaceLimits {
  memoryMiB?: number | undefined;
  processes?: number | undefined;
}

/** The working directory of a kernel and what lists it. Only Python kernels get one. */
export class Workplace {
  /** `undefined` for kernels of other languages, whose files cannot be listed. */
  directory: string | undefined;
  readonly #kernel: Kernel;
  readonly #limits: WorkplaceLimits;

  constructor(kernel: Kernel, limits: WorkplaceLimits) {
    this.#kernel = kernel;
    this.#limits = limits;
  }

  /**
   * Waits until a new process is ready and makes it fit for use, in the same directory as before.
   * @throws RuntimeError, or the signal's reason
   */
  async prepare(signal: AbortSignal): Promise<KernelInfo> {
    const info = await this.#kernel.becomeReady(signal);
    if (info.language !== "python") return info;
    const { memoryMiB, processes } = this.#limits;
    const bytes = memoryMiB === undefined ? undefined : memoryMiB * 1024 * 1024;
    const answer = await this.#ask(
      toPrepare({ directory: this.directory, bytes, processes }),
      ask.where(),
      signal,
    );
    const directory = answer.kind === "data" ? answer.data.toString("utf8") : "";
    // No other folder is taken up again, and removed, at a kernel's word.
    if (!/[\\/]vr-[^\\/]+$/.test(directory)) throw unreadable();
    this.directory = directory;
    return info;
  }

  /** Evaluates one of the expressions of `ask`. @throws RuntimeError, or the signal's reason */
  async ask(expression: string, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await this.#ask("", expression, AbortSignal.any([limit, signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (!limit.aborted) throw error;
      // What hangs there must not hold up the next execution.
      await this.#kernel.interrupt().catch(() => {});
      throw new RuntimeError("unavailable", "The kernel did not answer in time.", { cause: error });
    }
  }

  async #ask(code: string, expression: string, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const run = this.#kernel.run(code, { silent: true, expressions: { answer: expression } });
    try {
      const end = await untilAborted(run.ended, signal);
      if (end.kind !== "replied")
        throw new RuntimeError("unavailable", "The kernel ended while it was asked for files.");
      if (!end.ok)
        throw new RuntimeError("unavailable", `The kernel could not be prepared: ${problem(end.reply)}`);
      const said = asRecord(asRecord(end.reply.user_expressions).answer);
      const repr = asRecord(said.data)["text/plain"];
      const answer = typeof repr === "string" ? readAnswer(repr) : undefined;
      if (!answer) throw unreadable();
      return answer;
    } finally {
      run.abandon();
    }
  }
}

const unreadable = () =>
  new RuntimeError("unavailable", "The kernel does not say what is in its working directory.");

function problem({ ename, evalue }: Readonly<Record<string, unknown>>): string {
  return `${String(ename)}: ${String(evalue)}`.slice(0, 200);
}
