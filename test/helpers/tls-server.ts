import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";

/** An HTTPS server on loopback that stands in for hosts on the internet. */
export interface TlsServer {
  readonly port: number;
  /** Connections that it has accepted so far. */
  readonly connections: number;
  /** Leads here, whatever address was to be connected to. */
  connect(): Socket;
  /** Ends with the connections that it has; again, it does nothing. */
  close(): Promise<void>;
}

export async function createTlsServer(
  credentials: { key: string; cert: string },
  listener: RequestListener,
): Promise<TlsServer> {
  const server = createServer(credentials, listener);
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {}); // a client that does not trust it says so itself
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get connections() {
      return connections;
    },
    connect: () => connect(port, "127.0.0.1"),
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
