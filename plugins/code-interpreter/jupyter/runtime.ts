import type { Log } from "../../../core/index.ts";
import { RuntimeError, type RuntimeWork, type Session } from "../runtime.ts";
import type { Address } from "./address.ts";
import { examine } from "./examine.ts";
import { Kernel } from "./kernel.ts";
import type { CheckedOptions } from "./options.ts";
import { Server } from "./server.ts";
import { JupyterSession } from "./session.ts";
import { Workplace } from "./workplace.ts";

interface Opened {
  session: Session;
  /** The kernel's own, of its language. */
  version: string;
}

/** Kernels of one Jupyter server: one for each session. */
export class JupyterRuntime implements RuntimeWork {
  readonly #server: Server;
  readonly #options: CheckedOptions;
  readonly #log: Log;
  readonly #sessions = new Set<Session>();
  /** Kernels being started or deleted: `close` waits for them. */
  readonly #pending = new Set<Promise<unknown>>();
  /** Kernels that could not be deleted, since the server was away. */
  readonly #orphans = new Set<string>();
  #warned = false;

  constructor(address: Address, options: CheckedOptions, log: Log) {
    this.#server = new Server(address, options.requestTimeoutMs);
    this.#options = options;
    this.#log = log;
  }

  async open(signal: AbortSignal): Promise<Session> {
    return (await this.#open(signal)).session;
  }

  async check(signal: AbortSignal): Promise<Record<string, unknown>> {
    const { usual, specs } = await this.#server.kernelSpecs(signal);
    const name = this.#options.kernel ?? usual;
    const spec = specs.find((spec) => spec.name === name);
    if (!spec) throw new RuntimeError("unavailable", `The Jupyter server has no kernel "${name ?? ""}".`);
    return { kernel: spec.name, language: spec.language };
  }

  async examine(signal: AbortSignal): Promise<Record<string, unknown>> {
    const checked = await this.check(signal);
    const { session, version } = await this.#open(signal);
    try {
      const { memoryMiB = "no limit", processes = "no limit" } = this.#options;
      return { ...checked, version, memoryMiB, processes, ...(await examine(session, signal)) };
    } finally {
      await session.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await Promise.all(this.#pending);
    await this.#sweep();
  }

  async #open(signal: AbortSignal): Promise<Opened> {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(this.#options.startTimeoutMs);
    try {
      return await this.#firstReady(AbortSignal.any([limit, signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RuntimeError) throw error;
      const why = limit.aborted
        ? `did not become ready within ${this.#options.startTimeoutMs} ms`
        : "ended while it was starting";
      throw new RuntimeError("unavailable", `The Jupyter kernel ${why}.`, { cause: error });
    }
  }

  /**
   * Jupyter chooses a kernel's ports before the kernel listens. If another connection gets one of them meanwhile, the
   * kernel never becomes ready, though the server starts it again and again. So a second kernel is started if the first
   * is late. The first that is ready is taken, the other is deleted.
   */
  #firstReady(until: AbortSignal): Promise<Opened> {
    const { promise, resolve, reject } = Promise.withResolvers<Opened>();
    const won = new AbortController();
    const signal = AbortSignal.any([until, won.signal]);
    let starting = 0;
    const startOne = () => {
      starting++;
      this.#openOne(signal).then(
        (opened) => {
          if (won.signal.aborted) return opened.session.close();
          won.abort();
          resolve(opened);
        },
        (error) => {
          if (--starting === 0) reject(error);
        },
      );
    };
    startOne();
    const late = setTimeout(startOne, this.#options.startTimeoutMs / 3);
    return promise.finally(() => clearTimeout(late));
  }

  async #openOne(signal: AbortSignal): Promise<Opened> {
    const id = await this.#unlessAborted(this.#server.createKernel(this.#options.kernel), signal);
    this.#track(this.#sweep());
    return this.#start(id, signal);
  }

  async #start(id: string, signal: AbortSignal): Promise<Opened> {
    let kernel: Kernel | undefined;
    try {
      kernel = await Kernel.connect(this.#server, id, signal);
      const workplace = new Workplace(kernel, this.#options);
      const { version } = await workplace.prepare(signal);
      const session: Session = new JupyterSession(kernel, workplace, this.#options, {
        dropped: () => this.#warnOfDropping(),
        dispose: ({ id }) => {
          this.#sessions.delete(session);
          kernel?.disconnect();
          return this.#delete(id);
        },
      });
      this.#sessions.add(session);
      return { session, version };
    } catch (error) {
      kernel?.disconnect();
      void this.#delete(id);
      throw error;
    }
  }

  /** Deletes a kernel that is created after its request was aborted. */
  #unlessAborted(creating: Promise<string>, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    this.#track(
      creating
        .then((id) => (signal.aborted ? this.#delete(id) : resolve(id)), reject)
        .finally(() => signal.removeEventListener("abort", abort)),
    );
    return promise;
  }

  /** Never rejects: what cannot be deleted now is deleted when the server is back. */
  #delete(id: string): Promise<void> {
    return this.#track(
      this.#server.deleteKernel(id).then(
        () => void this.#orphans.delete(id),
        (error: Error) => {
          this.#orphans.add(id);
          this.#log.warn({ kernel: id, err: error }, "a Jupyter kernel could not be deleted");
        },
      ),
    );
  }

  async #sweep(): Promise<void> {
    await Promise.all([...this.#orphans].map((id) => this.#delete(id)));
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
    return work;
  }

  #warnOfDropping(): void {
    if (this.#warned) return;
    this.#warned = true;
    const what =
      "the Jupyter server drops outputs of code that prints fast: raise iopub_data_rate_limit in its config";
    this.#log.warn({}, what);
  }
}
