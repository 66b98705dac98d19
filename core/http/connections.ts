import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * The connections of a server, and how many requests each carries. Node's own `closeIdleConnections` leaves
 * those alone that have not sent a request yet, such as the spare ones of browsers and proxies.
 */
export class Connections {
  readonly #requests = new Map<Socket, number>();
  #draining = false;

  constructor(server: Server) {
    server.on("connection", (socket: Socket) => {
      this.#requests.set(socket, 0);
      socket.on("close", () => this.#requests.delete(socket));
    });
    server.on("request", ({ socket }, response) => {
      this.#add(socket, 1);
      response.on("close", () => this.#add(socket, -1));
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
