import type { Log } from "../../../core/index.ts";
import { RuntimeError, type RuntimeWork } from "../runtime.ts";
import type { findConfinement } from "./confinement.ts";
import { examine } from "./examine.ts";
import type { PyodideSettings } from "./options.ts";
import type { PyodideSession } from "./session.ts";
import { type Started, Starts } from "./starts.ts";

/** Python in WebAssembly, one process per session. Starts nothing before the first `open`. */
export class PyodideRuntime implements RuntimeWork {
  readonly #settings: PyodideSettings;
  readonly #starts: Starts;
  readonly #sessions = new Set<PyodideSession>();
  /** Aborts sessions that are starting. */
  readonly #closing = new AbortController();
  /** The numbers of sessions that are being opened, of those whose process starts, and of those that wait for it. */
  #opening = 0;
  #starting = 0;
  readonly #queue: (() => void)[] = [];
  #lastFailure: string | undefined;

  /** @param confine replaces the search for what this host supports */
  constructor(settings: PyodideSettings, log: Log, confine?: typeof findConfinement) {
    this.#settings = settings;
    this.#starts = new Starts(settings, log, confine);
  }

  async open(signal: AbortSignal): Promise<PyodideSession> {
    return (await this.#open(signal)).session;
  }

  async check(): Promise<Record<string, unknown>> {
    if (this.#closing.signal.aborted) throw closed();
    return {
      runtime: "pyodide",
      sessions: this.#sessions.size,
      ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
    };
  }

  async examine(signal: AbortSignal): Promise<Record<string, unknown>> {
    const started = await this.#open(signal);
    try {
      const host = await this.#starts.host();
      return await examine(started, { host, settings: this.#settings, signal });
    } finally {
      await started.session.close();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await this.#starts.close();
  }

  async #open(signal: AbortSignal): Promise<Started> {
    const { maxSessions } = this.#settings;
    const either = AbortSignal.any([signal, this.#closing.signal]);
    either.throwIfAborted();
    if (this.#sessions.size + this.#opening >= maxSessions)
      throw new RuntimeError("busy", `All ${maxSessions} sessions are in use.`);
    this.#opening += 1;
    try {
      const started = await this.#inTurn(either, () => this.#starts.start(either));
      this.#lastFailure = undefined;
      const { session } = started;
      if (either.aborted) {
        await session.close();
        either.throwIfAborted();
      }
      this.#sessions.add(session);
      session.onEnd(() => this.#sessions.delete(session));
      return started;
    } catch (error) {
      either.throwIfAborted();
      this.#lastFailure = error instanceof Error ? error.message : String(error);
      if (error instanceof RuntimeError) throw error;
      throw new RuntimeError("unavailable", "Python could not be started.", { cause: error });
    } finally {
      this.#opening -= 1;
    }
  }

  /** Starts a process once fewer than `maxStarts` are starting. @throws the signal's reason */
  async #inTurn<T>(signal: AbortSignal, start: () => Promise<T>): Promise<T> {
    if (this.#starting < this.#settings.maxStarts) this.#starting += 1;
    else await this.#turn(signal);
    try {
      return await start();
    } finally {
      const next = this.#queue.shift();
      // The next one takes this one's place.
      if (next) next();
      else this.#starting -= 1;
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push(resolve);
    const abort = () => {
      const at = this.#queue.indexOf(resolve);
      if (at < 0) return;
      this.#queue.splice(at, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort);
    await promise.finally(() => signal.removeEventListener("abort", abort));
  }
}

const closed = () => new RuntimeError("unavailable", "The gateway is closing.");
