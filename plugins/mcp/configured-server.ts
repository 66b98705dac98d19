import { type Log, within } from "../../core/index.ts";
import { checkArguments } from "./argument-check.ts";
import { openWithin } from "./open-within.ts";
import { shortened, tell } from "./reason-of.ts";
import { createRedact, type Redact } from "./redact.ts";
import type { ServerConfig } from "./server-config.ts";
import { CallFailed, type CallResult, type ServerTool, type Session, Unavailable } from "./session.ts";
import type { ToolServer } from "./tool.ts";

export interface ServerTimes {
  /** Milliseconds to connect and to list the tools. */
  connectTimeoutMs: number;
  /** Milliseconds that a request waits for a server that is still connecting. */
  waitMs: number;
  /** Milliseconds before the first attempt to reconnect; doubled after each, up to `reconnectMaxMs`. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
}

export type ServerStatus =
  | { status: "connecting" }
  | { status: "available"; session: Session }
  | { status: "unavailable"; reason: string };

/** Milliseconds that a connection must last for the server to count as healthy again. */
const SOUND_MS = 10_000;

/**
 * A server from the configuration: one connection for the whole process, which is reconnected whenever it ends. A
 * server that is down is unavailable, and is tried again at growing intervals.
 */
export class ConfiguredServer implements ToolServer {
  readonly checkArguments = checkArguments;
  readonly label: string;
  readonly config: ServerConfig;
  readonly redact: Redact;
  readonly #open: (signal: AbortSignal) => Promise<Session>;
  readonly #times: ServerTimes;
  readonly #log: Log;
  readonly #closing = new AbortController();
  #state: ServerStatus = { status: "connecting" };
  #attempt: Promise<void> | undefined;
  #failures = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `open` connects, until its signal aborts. */
  constructor(
    config: ServerConfig,
    open: (signal: AbortSignal) => Promise<Session>,
    times: ServerTimes,
    log: Log,
  ) {
    this.label = config.label;
    this.config = config;
    this.redact = createRedact(config.secrets);
    this.#open = open;
    this.#times = times;
    this.#log = log.child({ server: config.label });
  }

  get state(): ServerStatus {
    return this.#state;
  }

  /** Connects, unless a request has come first. Resolves after the first attempt, whether it succeeded or failed. */
  async start(): Promise<void> {
    if (this.#state.status === "connecting") await this.#try();
  }

  async tools(signal: AbortSignal): Promise<readonly ServerTool[]> {
    return (await this.#session(signal)).tools;
  }

  async call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallResult> {
    const session = await this.#session(signal);
    try {
      return await session.call(name, args, signal);
    } catch (error) {
      // Reconnects if the connection failed rather than the call, or if the server lost the session.
      if (signal.aborted || (error instanceof CallFailed && !error.sessionLost)) throw error;
      // If the session was lost, each call notices it by itself and is repeated.
      const isLost = error instanceof CallFailed;
      this.#lose(session, (error as Error).message, isLost ? () => session.retire() : undefined);
      if (!isLost) throw error;
      return (await this.#session(signal)).call(name, args, signal);
    }
  }

  /** The open connection. Waits for one that is being opened. @throws Unavailable; the signal's reason */
  async #session(signal: AbortSignal): Promise<Session> {
    if (this.#state.status === "available") return this.#state.session;
    if (!this.#attempt && performance.now() - this.#triedAt >= this.#times.reconnectMinMs) void this.#try();
    const { waitMs: ms } = this.#times;
    const late = () => this.#unavailable(ms);
    if (this.#attempt) await within({ ms, stop: signal, late }, this.#attempt);
    if (this.state.status === "available") return this.state.session;
    throw this.#unavailable(ms);
  }

  #unavailable(waitedMs: number): Unavailable {
    return new Unavailable(
      this.#state.status === "connecting"
        ? `The MCP server "${this.label}" has not answered within ${waitedMs} ms.`
        : `The MCP server "${this.label}" is unavailable: ${(this.#state as { reason: string }).reason}`,
    );
  }

  #try(): Promise<void> {
    if (!this.#attempt) {
      clearTimeout(this.#timer);
      this.#attempt = this.#connect().finally(() => {
        this.#attempt = undefined;
      });
    }
    return this.#attempt;
  }

  async #connect(): Promise<void> {
    this.#triedAt = performance.now();
    try {
      const session = await openWithin(this.#times.connectTimeoutMs, this.#closing.signal, this.#open);
      if (this.#closing.signal.aborted) return await session.close();
      this.#state = { status: "available", session };
      this.#log.info({ tools: session.tools.length }, "an MCP server is connected");
      const openedAt = performance.now();
      session.onEnd((reason) => {
        if (performance.now() - openedAt >= SOUND_MS) this.#failures = 0;
        this.#lose(session, reason);
      });
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#down(tell(error, this.redact));
    }
  }

  #lose(session: Session, reason: string, close: () => void = () => void session.close()): void {
    if (this.#closing.signal.aborted || this.#state.status !== "available" || this.#state.session !== session)
      return;
    const first = this.#failures === 0;
    this.#down(shortened(this.redact(reason)));
    close();
    if (first) void this.#try(); // a server that has just died may start again
  }

  #down(reason: string): void {
    this.#state = { status: "unavailable", reason };
    const { reconnectMinMs, reconnectMaxMs } = this.#times;
    const delayMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** this.#failures);
    this.#failures++;
    this.#log.warn({ reason }, "an MCP server is unavailable");
    this.#timer = setTimeout(() => void this.#try(), delayMs).unref();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    if (this.#state.status === "available") await this.#state.session.close();
    await this.#attempt;
  }
}
