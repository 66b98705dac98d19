import type { Log } from "../../core/index.ts";
import { Containers } from "./containers.ts";
import type { Limits, Options } from "./options.ts";
import { ExecutionQueue } from "./queue.ts";
import type { CodeRuntime } from "./runtime.ts";
import { Spares } from "./spares.ts";

/** The parts that the tool and the endpoints share. One per gateway. */
export class Interpreter {
  readonly runtime: CodeRuntime;
  readonly limits: Limits;
  readonly freshGlobals: boolean;
  readonly queue: ExecutionQueue;
  readonly spares: Spares;
  readonly containers: Containers;

  constructor(runtime: CodeRuntime, { limits, freshGlobals, spares }: Options, log: Log) {
    this.runtime = runtime;
    this.limits = limits;
    this.freshGlobals = freshGlobals;
    this.queue = new ExecutionQueue(limits);
    this.spares = new Spares(runtime, spares, log);
    this.containers = new Containers({
      limits,
      spares: this.spares,
      isRunning: ({ id }) => this.queue.isBusy(id),
      log,
    });
  }

  /** The state that `/ready` shows. */
  get state(): Record<string, unknown> {
    const { queue, containers, spares } = this;
    return {
      containers: containers.list().length,
      running: queue.running,
      waiting: queue.waiting,
      spares: spares.ready,
    };
  }

  async close(): Promise<void> {
    // If this fails, the runtime ends the rest.
    await Promise.allSettled([this.containers.close(), this.spares.close()]);
    await this.runtime.close();
  }
}
