import type { Log } from "../../../core/index.ts";
import { type CodeRuntime, RuntimeError } from "../runtime.ts";
import { findConfinement } from "./confinement.ts";
import { examine } from "./examine.ts";
import type { Settings } from "./options.ts";
import { PyodideSession } from "./session.ts";
import { type Started, Starts } from "./starts.ts";

/** Python in WebAssembly, one process per session. Starts nothing before the first `open`. */
export class PyodideRuntime implements CodeRuntime {
  readonly name = "pyodide";
  readonly description = "Python in WebAssembly, in processes of its own: standard library only, no network";
  readonly abilities =
    "It has the standard library only (no numpy, pandas or matplotlib), no network and no other processes.";
  readonly network = "none";
  readonly #settings: Settings;
  readonly #starts: Starts;
  readonly #sessions = new Set<PyodideSession>();
  /** Aborts what is starting. */
  readonly #closing = new AbortController();
  #starting = 0;
  readonly #queue: (() => void)[] = [];
  #lastFailure: string | undefined;

  /** @param confine finds out what this host has, once */
  constructor(settings: Settings, log: Log, confine = findConfinement) {
    this.#settings = settings;
    this.#starts = new Starts(settings, log, confine);
  }

  async open(signal: AbortSignal): Promise<PyodideSession> {
    return (await this.#open(signal)).session;
  }

  async check(): Promise<Record<string, unknown>> {
    if (this.#closing.signal.aborted) throw closed();
    return {
      runtime: this.name,
      sessions: this.#sessions.size,
      ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
    };
  }

  async examine(signal: AbortSignal): Promise<Record<string, unknown>> {
    const { session, started } = await this.#open(signal);
    try {
      const host = await this.#starts.host();
      return await examine(session, { started, host, settings: this.#settings, signal });
    } finally {
      await session.close();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await this.#starts.close();
  }

  async #open(signal: AbortSignal): Promise<{ session: PyodideSession; started: Started }> {
    const { maxSessions } = this.#settings;
    if (this.#sessions.size + this.#starting + this.#queue.length >= maxSessions)
      throw new RuntimeError("busy", `All ${maxSessions} sessions are in use.`);
    const either = AbortSignal.any([signal, this.#closing.signal]);
    await this.#turnToStart(either);
    try {
      const started = await this.#starts.start(either);
      this.#lastFailure = undefined;
      const session = new PyodideSession(started.process, this.#settings);
      this.#sessions.add(session);
      session.onEnd(() => this.#sessions.delete(session));
      return { session, started };
    } catch (error) {
      either.throwIfAborted();
      this.#lastFailure = error instanceof Error ? error.message : String(error);
      if (error instanceof RuntimeError) throw error;
      throw new RuntimeError("unavailable", "Python could not be started.", { cause: error });
    } finally {
      this.#starting -= 1;
      this.#queue.shift()?.();
    }
  }

  /** Waits until less than `maxStarts` are starting, then is one of them. @throws the signal's reason */
  async #turnToStart(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#starting >= this.#settings.maxStarts) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#queue.push(resolve);
      const abort = () => {
        const at = this.#queue.indexOf(resolve);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      await promise.finally(() => signal.removeEventListener("abort", abort));
    }
    this.#starting += 1;
  }
}

const closed = () => new RuntimeError("unavailable", "The gateway is closing.");
