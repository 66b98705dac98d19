import { lookup, Resolver as QueryResolver } from "node:dns/promises";

/**
 * Asks for all addresses of a host. Empty, or rejecting with a `code`, when there are none. It may ignore the signal,
 * which aborts when nobody waits any more.
 */
export type Resolver = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

const TRIES = 2;

/**
 * Asks the name servers itself. `getaddrinfo` would hold one of the few threads that all look-ups of the process share
 * until it has an answer: names whose servers are slow could keep the gateway from reaching its model servers. What
 * the hosts file and search domains add are no public names anyway. `servers`: by default those of the system.
 */
export function publicResolver(timeoutMs: number, servers?: readonly string[]): Resolver {
  return async (hostname, signal) => {
    // The second try waits twice as long as the first, and so a family without an answer leaves time for the other.
    const resolver = new QueryResolver({ timeout: Math.ceil(timeoutMs / 4), tries: TRIES });
    if (servers) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    const families = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    signal.removeEventListener("abort", cancel);
    const addresses = families.flatMap((family) => (family.status === "fulfilled" ? family.value : []));
    if (addresses.length === 0 && families[0].status === "rejected") throw families[0].reason;
    return addresses;
  };
}

/** As the system resolves, with the hosts file and search domains: names of a trusted network are in there. */
export const systemResolver: Resolver = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);
