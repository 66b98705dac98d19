import type { Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "../context.ts";

export interface ConnectionLimits {
  /** Most connections at once; further ones are closed without being read. */
  connections: number;
  /** Milliseconds to receive a request, from its first byte or from the start of the connection. */
  requestMs: number;
}

/** Most milliseconds to receive the headers, and of initial silence, even if `requestMs` is longer. */
const HEADERS_MS = 60_000;
/** Milliseconds between checks for requests that take too long. */
const CHECK_MS = 10_000;
/** Least milliseconds between two log lines about closed connections. */
const TELL_MS = 10_000;

/** Node's own timeouts: they close idle connections and requests that arrive too slowly. */
export function timeoutsOf({ requestMs }: ConnectionLimits): ServerOptions {
  return {
    requestTimeout: requestMs,
    headersTimeout: Math.min(requestMs, HEADERS_MS),
    connectionsCheckingInterval: Math.min(Math.ceil(requestMs / 4), CHECK_MS),
  };
}

/**
 * The connections of a server, and how many requests each carries. Node's own `closeIdleConnections` leaves
 * those alone that have not sent a request yet, such as the spare ones of browsers and proxies.
 */
export class Connections {
  readonly #requests = new Map<Socket, number>();
  #draining = false;

  constructor(server: Server, { connections }: ConnectionLimits, log: Log) {
    server.maxConnections = connections;
    this.#tellOfDropped(server, log);
    server.on("connection", (socket: Socket) => {
      this.#requests.set(socket, 0);
      socket.on("close", () => this.#requests.delete(socket));
    });
    server.on("request", ({ socket }, response) => {
      this.#add(socket, 1);
      response.on("close", () => this.#add(socket, -1));
    });
  }

  /** Logs the first at once, then the number per interval, so that a flood does not flood the log. */
  #tellOfDropped(server: Server, log: Log): void {
    let dropped = 0;
    let timer: NodeJS.Timeout | undefined;
    const tell = () => {
      timer = undefined;
      if (dropped === 0) return;
      const limit = server.maxConnections;
      log.warn({ dropped, limit }, "connections were closed: limits.connections is reached");
      dropped = 0;
      timer = setTimeout(tell, TELL_MS).unref();
    };
    server.on("drop", () => {
      dropped++;
      if (!timer) tell();
    });
  }

  /** Closes every connection that carries no request, now or as soon as its response is out. */
  drain(): void {
    this.#draining = true;
    for (const socket of this.#requests.keys()) this.#add(socket, 0);
  }

  #add(socket: Socket, more: number): void {
    const requests = this.#requests.get(socket);
    if (requests === undefined) return;
    this.#requests.set(socket, requests + more);
    if (this.#draining && requests + more === 0) socket.destroySoon();
  }
}
