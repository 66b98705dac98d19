import { Worker } from "node:worker_threads";
import { type ArgumentCheck, isChecked } from "./argument-check.ts";
import type { ServerTool } from "./session.ts";

export interface ThreadLimits {
  /** Milliseconds of one check, after which its thread is ended. */
  checkMs: number;
  /** Milliseconds that a check waits for its turn, after which it is left out. */
  waitMs: number;
}

interface PendingCheck {
  tool: ServerTool;
  args: Record<string, unknown>;
  /** Called with what is wrong; `undefined` if nothing is wrong or the check did not end. */
  settle(mistake: string | undefined): void;
}

const DEFAULTS: ThreadLimits = { checkMs: 1_000, waitMs: 3_000 };
/** The thread's memory in MiB. A schema that needs more is not checked. */
const MEMORY = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };

const workerFile = new URL(
  `./argument-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/**
 * Checks arguments with untrusted schemas: compiling one may never end, nor may a regular expression in it. So this
 * happens in a separate thread, one check at a time. The thread starts with the first check.
 */
export class ArgumentThread {
  readonly #limits: ThreadLimits;
  readonly #waiting: PendingCheck[] = [];
  /** Tools whose schemas have taken too long: they are not tried again. */
  readonly #slow = new WeakSet<ServerTool>();
  #worker: Worker | undefined;
  #current: PendingCheck | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReady = false;
  #isClosed = false;

  constructor(limits: Partial<ThreadLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
  }

  readonly check: ArgumentCheck = (tool, args) => {
    if (this.#isClosed || this.#slow.has(tool) || !isChecked(tool.inputSchema))
      return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiting: PendingCheck = {
        tool,
        args,
        settle: (mistake) => {
          clearTimeout(timer);
          resolve(mistake);
        },
      };
      const timer = setTimeout(() => this.#leaveOut(waiting), this.#limits.waitMs);
      this.#waiting.push(waiting);
      this.#next();
    });
  };

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { settle } of this.#waiting.splice(0)) settle(undefined);
    await this.#end();
  }

  #next(): void {
    while (!this.#current && this.#waiting.length > 0) {
      this.#worker ??= this.#start();
      if (!this.#isReady) return;
      this.#current = this.#waiting.shift() as PendingCheck;
      const { tool, args } = this.#current;
      const { name, inputSchema } = tool;
      this.#timer = setTimeout(() => {
        this.#slow.add(tool);
        void this.#end();
      }, this.#limits.checkMs);
      try {
        this.#worker.postMessage({ tool: JSON.stringify({ name, inputSchema }), args });
      } catch {
        this.#settle(undefined); // too deep to be copied
      }
    }
  }

  #start(): Worker {
    const worker = new Worker(workerFile, { env: {}, resourceLimits: MEMORY });
    worker.unref();
    worker.on("message", (answer: { ready: true } | { mistake?: string }) => {
      if (worker !== this.#worker) return;
      if ("ready" in answer) this.#isReady = true;
      else this.#settle(answer.mistake);
      this.#next();
    });
    // Mostly because it ran out of memory.
    const lost = () => {
      if (worker !== this.#worker) return;
      if (this.#current) this.#slow.add(this.#current.tool);
      else if (!this.#isReady) for (const { settle } of this.#waiting.splice(0)) settle(undefined);
      void this.#end();
    };
    worker.on("error", lost).on("exit", lost);
    return worker;
  }

  #settle(mistake: string | undefined): void {
    const current = this.#current;
    this.#current = undefined;
    clearTimeout(this.#timer);
    current?.settle(mistake);
  }

  #leaveOut(waiting: PendingCheck): void {
    const at = this.#waiting.indexOf(waiting);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    waiting.settle(undefined);
  }

  /** Ends the thread and its current check. Waiting checks get a new thread. */
  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    this.#settle(undefined);
    if (!this.#isClosed) this.#next();
    await worker?.terminate();
  }
}
