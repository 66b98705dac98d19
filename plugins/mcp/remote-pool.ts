import { createHash } from "node:crypto";
import { InvalidRequestError, untilAborted } from "../../core/index.ts";
import { hostOf, RemoteRefused } from "../remote-policy/index.ts";
import { ArgumentThread } from "./argument-thread.ts";
import { openWithin } from "./open-within.ts";
import { tell } from "./reason-of.ts";
import { createRedact, type Redact, secretsIn } from "./redact.ts";
import { type Address, CallFailed, type CallResult, type Session, Unavailable } from "./session.ts";
import type { ToolServer } from "./tool.ts";

export interface PoolOptions {
  /** Milliseconds that an unused connection is kept. */
  idleMs: number;
  /** Most connections, used or not. */
  maxConnections: number;
  /** Most connections to one host, so that a slow or popular server leaves places for others. */
  maxConnectionsPerHost: number;
  /** Milliseconds to connect and to list the tools. */
  connectTimeoutMs: number;
}

type RemoteAddress = Address & { kind: "http" };

interface Pooled {
  key: string;
  host: string;
  /** Aborts a connection that is still being opened. */
  connecting: AbortController;
  session: Promise<Session>;
  users: number;
  idle?: NodeJS.Timeout;
}

/** Connections to servers that requests name, by URL and credentials, so that no client uses another's access. */
export class RemotePool {
  readonly #open: (address: RemoteAddress, signal: AbortSignal) => Promise<Session>;
  readonly #options: PoolOptions;
  /** The connections that new calls may use. */
  readonly #pooled = new Map<string, Pooled>();
  /** All connections, also those that only running calls still use. */
  readonly #connections = new Set<Pooled>();
  readonly #closing = new AbortController();
  /** Checks arguments in another thread, so that their schemas do not block the event loop. */
  readonly #thread = new ArgumentThread();

  constructor(open: (address: RemoteAddress, signal: AbortSignal) => Promise<Session>, options: PoolOptions) {
    this.#open = open;
    this.#options = options;
  }

  /** The server of one request. */
  server(label: string, url: string, headers: Readonly<Record<string, string>>): ToolServer {
    const address: RemoteAddress = { kind: "http", url, headers };
    const redact = createRedact([...Object.values(headers), ...secretsIn(new URL(url))]);
    const key = createHash("sha256")
      .update(JSON.stringify([url, headers]))
      .digest("hex");
    const use = <T>(signal: AbortSignal, run: (session: Session) => Promise<T>) =>
      this.#use(key, address, signal, run, (reason) => unavailable(label, redact, reason));
    return {
      label,
      redact,
      checkArguments: this.#thread.check,
      tools: async (signal, known) => {
        // If the conversation already has the list, no connection is opened.
        if (known && !this.#pooled.has(key)) return known;
        return use(signal, async ({ tools }) => tools);
      },
      call: async (name, args, signal) => {
        const call = (session: Session): Promise<CallResult> => session.call(name, args, signal);
        try {
          return await use(signal, call);
        } catch (error) {
          if (!(error instanceof CallFailed && error.sessionLost)) throw error;
          return use(signal, call);
        }
      },
    };
  }

  async #use<T>(
    key: string,
    address: RemoteAddress,
    signal: AbortSignal,
    run: (session: Session) => Promise<T>,
    explain: (reason: unknown) => Error,
  ): Promise<T> {
    const pooled = this.#pooled.get(key) ?? this.#connect(key, address);
    clearTimeout(pooled.idle);
    pooled.users++;
    try {
      const session = await untilAborted(pooled.session, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        throw explain(error);
      });
      return await run(session).catch((error: unknown) => {
        // Continues if the connection failed: not the call, and not because the client left.
        if (signal.aborted || (error instanceof CallFailed && !error.sessionLost)) throw error;
        // If the session was lost, each call notices it by itself and is repeated.
        if (error instanceof CallFailed) this.#drop(pooled, () => session.retire());
        else this.#drop(pooled);
        throw error;
      });
    } finally {
      pooled.users--;
      if (pooled.users === 0) this.#unused(pooled);
    }
  }

  #unused(pooled: Pooled): void {
    if (this.#pooled.get(pooled.key) !== pooled) this.#connections.delete(pooled);
    else pooled.idle = setTimeout(() => this.#drop(pooled), this.#options.idleMs).unref();
  }

  #connect(key: string, address: RemoteAddress): Pooled {
    if (this.#closing.signal.aborted) throw new Unavailable("The gateway is shutting down.");
    const host = hostOf(new URL(address.url));
    this.#makeRoom(host);
    const connecting = new AbortController();
    const stop = AbortSignal.any([connecting.signal, this.#closing.signal]);
    const session = openWithin(this.#options.connectTimeoutMs, stop, (signal) => this.#open(address, signal));
    const pooled: Pooled = { key, host, connecting, session, users: 0 };
    this.#pooled.set(key, pooled);
    this.#connections.add(pooled);
    session.then(
      (opened) => opened.onEnd(() => this.#drop(pooled)),
      () => this.#drop(pooled),
    );
    return pooled;
  }

  /** @throws Unavailable if all connections, or all to this host, are in use */
  #makeRoom(host: string): void {
    const { maxConnections, maxConnectionsPerHost } = this.#options;
    const all = [...this.#connections];
    const toHost = all.filter((pooled) => pooled.host === host);
    if (toHost.length >= maxConnectionsPerHost) this.#dropUnused(toHost, ` at "${host}"`);
    else if (all.length >= maxConnections) this.#dropUnused(all);
  }

  #dropUnused(among: readonly Pooled[], where = ""): void {
    const unused = among.find(({ users }) => users === 0);
    if (!unused)
      throw new Unavailable(`The gateway has too many connections to MCP servers${where} at the moment.`);
    this.#drop(unused);
  }

  /** Removes a connection. `close` says how; by default all calls on it end. */
  #drop(pooled: Pooled, close?: () => void): void {
    const { key, idle, connecting, session, users } = pooled;
    clearTimeout(idle);
    if (this.#pooled.get(key) === pooled) this.#pooled.delete(key);
    if (users === 0) this.#connections.delete(pooled);
    connecting.abort(new Error("the connection is no longer needed"));
    if (close) close();
    else session.then((opened) => opened.close()).catch(() => {});
  }

  async close(): Promise<void> {
    this.#closing.abort(new Unavailable("The gateway is shutting down."));
    const sessions = [...this.#connections].map(({ session }) => session.then((opened) => opened.close()));
    this.#pooled.clear();
    await Promise.allSettled([...sessions, this.#thread.close()]);
  }
}

/** The error for a failed connection. A refusal by the policy stays as it is, since the request is wrong. */
function unavailable(label: string, redact: Redact, error: unknown): Error {
  if (error instanceof Unavailable) return error;
  if (error instanceof RemoteRefused)
    return new InvalidRequestError(error.message, { param: "server_url", cause: error });
  const reason = tell(error, redact);
  return new Unavailable(`The MCP server "${label}" is unavailable: ${reason}`, { cause: error });
}
