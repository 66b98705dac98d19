import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect, onTestFinished } from "vitest";
import {
  createRemoteFetch,
  type RemoteFetch,
  type RemotePolicyOptions,
  RemoteRefused,
  RemoteUnreachable,
} from "../../plugins/remote-policy/index.ts";
import { connectTo, type Target } from "../../plugins/remote-policy/open-connection.ts";
import { createTestAuthority } from "./test-authority.ts";
import { createTlsServer, type TlsServer } from "./tls-server.ts";

export const PUBLIC = "8.8.8.8";
export const PUBLIC_IPV6 = "2606:4700:4700::1111";
export const URL_OF_HOST = "https://mcp.example.com/mcp";

const authority = createTestAuthority();

/** A policy that trusts the servers of `serveTls`. Closes with the test. */
export function create(options: Partial<RemotePolicyOptions> = {}): RemoteFetch {
  const remote = createRemoteFetch({ checks: true, ca: authority.ca, ...options });
  onTestFinished(remote.close);
  return remote;
}

/** An HTTPS server with these names (default: "mcp.example.com"). Closes with the test. */
export async function serveTls(listener: RequestListener, ...names: string[]): Promise<TlsServer> {
  const certificate = authority.issue(...(names.length > 0 ? names : ["mcp.example.com"]));
  const server = await createTlsServer(certificate, listener);
  onTestFinished(server.close);
  return server;
}

/** An HTTP server on loopback, by its port. Closes with the test. */
export async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close().closeAllConnections();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

/** A free port of loopback. */
export async function deadPort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}

/** A network whose one server accepts connections and never says a word. */
export async function mute() {
  const accepted = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const server = createTcpServer((socket) => {
    accepted.resolve();
    socket.on("close", () => closed.resolve()).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => void (await once(server.close(), "close")));
  const { port } = server.address() as AddressInfo;
  const connect = (target: Target) => connectTo({ ...target, port, addresses: ["127.0.0.1"] });
  return { connect, accepted: accepted.promise, closed: closed.promise };
}

/** A network on which every public address is this server, and where connections went. */
export function network(server: TlsServer) {
  const targets: Target[] = [];
  const connect = (target: Target) => {
    targets.push(target);
    return server.connect();
  };
  return { targets, connect };
}

export const never = () => {
  throw new Error("nothing may be connected to");
};

export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const error = await reasonOf(promise);
  expect(error).toBeInstanceOf(RemoteRefused);
  return (error as RemoteRefused).message;
}

export async function failureOf(promise: Promise<unknown>): Promise<RemoteUnreachable> {
  const error = await reasonOf(promise);
  expect(error).toBeInstanceOf(RemoteUnreachable);
  return error as RemoteUnreachable;
}

/** `undefined` of a promise that does not reject. */
function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}
