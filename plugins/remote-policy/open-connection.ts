import { once } from "node:events";
import { isIP, connect as openSocket, type Socket } from "node:net";
import { connect as openTls, type TLSSocket } from "node:tls";
import { within } from "../../core/index.ts";
import { isPublicAddress } from "./address-rules.ts";
import { isRemoteError, RemoteRefused, RemoteUnreachable } from "./remote-errors.ts";
import type { Resolver } from "./resolve.ts";

/** Where a connection may go: to one of these checked addresses, and nowhere else. */
export interface Target {
  readonly hostname: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

/** Begins a TCP connection to one of the target's addresses. Returns a socket that is still connecting. */
export type Connect = (target: Target) => Socket;

export interface ConnectionOptions {
  /** Refuses all but public addresses. */
  checks: boolean;
  resolve: Resolver;
  connect: Connect;
  /** Milliseconds for all addresses of the host. */
  resolveTimeoutMs: number;
  /** Milliseconds for TCP and TLS together. */
  connectTimeoutMs: number;
  /** Certificates to trust instead of Node's own, as PEM. */
  ca: string | undefined;
  /** Aborts the connection that is being opened. */
  stop: AbortSignal;
}

interface Origin {
  host: string;
  port: number;
  secure: boolean;
}

/** Tries IPv4 and IPv6 at the same time, as `net` does, but only the given addresses. */
export const connectTo: Connect = ({ hostname, port, addresses }) =>
  openSocket({
    host: hostname,
    port,
    autoSelectFamily: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    lookup: (_hostname, _options, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: isIP(address) })),
      ),
  });

/**
 * Resolves the host once, checks its addresses and connects to one of them.
 * @throws RemoteRefused, RemoteUnreachable
 */
export async function openConnection(origin: Origin, options: ConnectionOptions): Promise<Socket> {
  const { host, port, secure } = origin;
  const addresses = await (options.checks ? publicAddressesOf(host, options) : addressesOf(host, options));
  const late = () =>
    new RemoteUnreachable(host, `could not be connected to within ${options.connectTimeoutMs} ms`);
  const limit = { ms: options.connectTimeoutMs, stop: options.stop, late };
  try {
    return await within(limit, async (signal) => {
      const socket = options.connect({ hostname: host, port, addresses });
      await opened(socket, "connect", signal);
      if (!secure) return socket;
      const tls = encrypt(socket, host, options.ca);
      await opened(tls, "secureConnect", signal);
      return tls;
    });
  } catch (error) {
    throw isRemoteError(error) ? error : new RemoteUnreachable(host, "cannot be connected to", error);
  }
}

/** The DNS errors for a name that is unknown or has no address. */
const UNKNOWN = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * One private address is enough to refuse the host: such an answer is a mistake or an attack, and the order of
 * addresses must not decide where a connection goes. Unknown names are refused with the same message; otherwise
 * requests could find out which names a private network has.
 */
async function publicAddressesOf(host: string, options: ConnectionOptions): Promise<readonly string[]> {
  const refused = () => new RemoteRefused(`The host "${host}" is refused: it has no public address.`);
  const addresses = await addressesOf(host, options).catch((error: unknown) => {
    throw error instanceof RemoteUnreachable && UNKNOWN.has(error.code ?? "") ? refused() : error;
  });
  if (!addresses.every(isPublicAddress)) throw refused();
  return addresses;
}

async function addressesOf(host: string, options: ConnectionOptions): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const { resolveTimeoutMs: ms, stop, resolve } = options;
  const late = () => new RemoteUnreachable(host, `could not be resolved within ${ms} ms`);
  let addresses: readonly string[];
  try {
    addresses = await within({ ms, stop, late }, (signal) => resolve(host, signal));
  } catch (error) {
    throw isRemoteError(error) ? error : new RemoteUnreachable(host, "cannot be resolved", error);
  }
  if (addresses.length === 0) throw new RemoteUnreachable(host, "cannot be resolved", { code: "ENODATA" });
  return addresses;
}

/** The certificate must be valid for the host that the URL names, whatever address it is at. */
function encrypt(socket: Socket, host: string, ca: string | undefined): TLSSocket {
  return openTls({
    socket,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: true, // even if the environment turns it off for the operator's own servers
  });
}

async function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  socket.on("error", () => {}); // until the HTTP client adds its own listeners
  try {
    await once(socket, event, { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
