import { type Log, untilAborted } from "../../core/index.ts";
import { type CodeRuntime, RuntimeError, type Session } from "./runtime.ts";

/** Sessions that are started ahead, so that the first execution of a container need not wait. */
export class Spares {
  readonly #runtime: CodeRuntime;
  readonly #size: number;
  readonly #log: Log;
  readonly #closing = new AbortController();
  readonly #ready: Session[] = [];
  /** The sessions that are being started. */
  readonly #starting = new Set<Promise<void>>();

  constructor(runtime: CodeRuntime, size: number, log: Log) {
    this.#runtime = runtime;
    this.#size = size;
    this.#log = log;
  }

  get ready(): number {
    return this.#ready.length;
  }

  /** An unused session. @throws RuntimeError if none can be started; the signal's reason */
  async take(signal: AbortSignal): Promise<Session> {
    // A session that is already starting is ready sooner than a new one.
    if (this.#ready.length === 0 && this.#starting.size > 0)
      await untilAborted(Promise.race(this.#starting), signal);
    signal.throwIfAborted();
    const session = this.#next() ?? (await this.#open(signal));
    this.fill();
    return session;
  }

  /** Starts missing spares in the background. A failure is logged, and retried only at the next use. */
  fill(): void {
    if (this.#closing.signal.aborted) return;
    for (let missing = this.#size - this.#ready.length - this.#starting.size; missing > 0; missing -= 1) {
      const starting = this.#start().finally(() => this.#starting.delete(starting));
      this.#starting.add(starting);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new RuntimeError("unavailable", "The gateway stops."));
    await Promise.all(this.#starting);
    await Promise.all(this.#ready.splice(0).map((session) => session.close()));
  }

  /** What ends is told a moment later. */
  #next(): Session | undefined {
    let session = this.#ready.shift();
    while (session && !session.alive) session = this.#ready.shift();
    return session;
  }

  async #open(signal: AbortSignal): Promise<Session> {
    return this.#runtime.open(AbortSignal.any([signal, this.#closing.signal]));
  }

  async #start(): Promise<void> {
    try {
      const session = await this.#open(this.#closing.signal);
      if (this.#closing.signal.aborted) return await session.close();
      this.#ready.push(session);
      session.onEnd(() => this.#forget(session));
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#log.warn({ err: error }, "no session could be started ahead");
    }
  }

  #forget(session: Session): void {
    const at = this.#ready.indexOf(session);
    if (at >= 0) this.#ready.splice(at, 1);
  }
}
