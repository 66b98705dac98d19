import type KeyvRedis from "@keyv/redis";
import { type Log, within } from "../../core/index.ts";
import { connectToRedis, type RedisConnection } from "./redis-connection.ts";
import type { RedisServer } from "./redis-url.ts";

/** Milliseconds before the first attempt to reconnect; doubled after each failure. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

export interface RedisLinkOptions {
  server: RedisServer;
  /** Milliseconds for one command. Also how long commands wait for a lost connection before they fail at once. */
  timeoutMs: number;
  log: Log;
}

/**
 * Keeps a connection to Redis while the gateway runs. A command waits at most `timeoutMs` for a connection. If there
 * has been none for longer, commands fail at once. If a command is not answered in time, the connection is closed,
 * since the commands after it would not be answered either.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  #connection: RedisConnection | undefined;
  /** Resolves when there is a connection, or when the wait is over. */
  #awaited: PromiseWithResolvers<void> = Promise.withResolvers();
  #patience: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Why there is no connection, as last logged. */
  #reason: Error | undefined;
  readonly #closing = new AbortController();

  constructor(options: RedisLinkOptions) {
    this.#options = options;
  }

  /** Begins to connect. Does not wait for the connection. */
  open(): void {
    this.#wait();
    void this.#connect(FIRST_RETRY_MS);
  }

  /** @throws Error if there is no connection, it is lost, Redis refuses the command, or does not answer in time */
  async command<T>(run: (redis: KeyvRedis<string>) => Promise<T>): Promise<T> {
    if (!this.#connection) await this.#awaited.promise;
    const connection = this.#connection;
    const { shown } = this.#options.server;
    if (!connection)
      throw new Error(`there is no connection to ${shown}`, { cause: this.#reason ?? new Error("not yet") });
    try {
      return await this.#inTime(run(connection.redis), connection);
    } catch (error) {
      if (this.#connection === connection) throw error;
      throw new Error(`the connection to ${shown} was lost`, { cause: this.#reason ?? error });
    }
  }

  close(): void {
    const reason = new Error("the gateway stops");
    this.#closing.abort(reason);
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    this.#awaited.resolve();
    this.#connection?.end(reason);
    this.#connection = undefined;
  }

  #inTime<T>(answer: Promise<T>, connection: RedisConnection): Promise<T> {
    const { timeoutMs: ms } = this.#options;
    const late = () => {
      this.#lose(connection, new Error(`it did not answer within ${ms} ms`));
      return this.#reason;
    };
    return within({ ms, late, afterReads: true }, answer);
  }

  async #connect(retryMs: number): Promise<void> {
    const { server, timeoutMs, log } = this.#options;
    const { signal } = this.#closing;
    let connection: RedisConnection;
    try {
      connection = await connectToRedis(server, timeoutMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#explain(error as Error);
      const delay = retryMs * (0.8 + Math.random() * 0.4);
      this.#retry = setTimeout(() => this.#connect(Math.min(retryMs * 2, LAST_RETRY_MS)), delay);
      return;
    }
    if (signal.aborted) return connection.end(signal.reason);
    this.#connection = connection;
    clearTimeout(this.#patience);
    this.#awaited.resolve();
    if (this.#reason) log.info({ redis: server.shown }, "the connection to Redis is back");
    this.#reason = undefined;
    void connection.lost.then((reason) => this.#lose(connection, reason));
  }

  #lose(connection: RedisConnection, reason: Error): void {
    connection.end(reason);
    if (this.#connection !== connection || this.#closing.signal.aborted) return;
    this.#connection = undefined;
    this.#explain(reason);
    this.#wait();
    this.#retry = setTimeout(() => this.#connect(FIRST_RETRY_MS * 2), FIRST_RETRY_MS);
  }

  /** From now on commands wait for a connection, at most for `timeoutMs`. */
  #wait(): void {
    const awaited = Promise.withResolvers<void>();
    this.#awaited = awaited;
    this.#patience = setTimeout(awaited.resolve, this.#options.timeoutMs);
  }

  /** Logs a line when the connection is lost and whenever the reason changes, since attempts never end. */
  #explain(reason: Error): void {
    const known = this.#reason?.message === reason.message;
    this.#reason = reason;
    if (known) return;
    const { server, log } = this.#options;
    log.error({ err: reason, redis: server.shown }, "there is no connection to Redis; trying again");
  }
}
