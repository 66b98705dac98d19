import type { Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "../context.ts";

export interface ConnectionLimits {
  /** Connections at once; further ones are closed unheard. */
  connections: number;
  /** Milliseconds that a connection may take to send a request, from its first byte or the connection's begin on. */
  requestMs: number;
}

/** Milliseconds for the headers, and of silence at first, where the whole request may take longer. */
const HEADERS_MS = 60_000;
/** Milliseconds between two looks for requests that take too long. */
const CHECK_MS = 10_000;
/** Milliseconds between two lines of the log that tell of closed connections. */
const TELL_MS = 10_000;

/** What Node closes by itself: connections that send nothing, and requests that come too slowly. */
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

  /** The first at once, then how many there were in each while: a flood must not flood the log too. */
  #tellOfDropped(server: Server, log: Log): void {
    let dropped = 0;
    let timer: NodeJS.Timeout | undefined;
    const tell = () => {
      timer = undefined;
      if (dropped === 0) return;
      const limit = server.maxConnections;
      log.warn({ dropped, limit }, "connections were closed unheard: limits.connections are open");
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
