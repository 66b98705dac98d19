import { lookup, Resolver as QueryResolver } from "node:dns/promises";

/**
 * Resolves with all addresses of a host. If there are none, the list is empty, or the promise rejects with a `code`.
 * The signal aborts when the result is no longer needed. It may be ignored.
 */
export type Resolver = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

const TRIES = 2;

/**
 * Asks the name servers directly. `getaddrinfo` would occupy one of the few threads for all look-ups of the process
 * until it has an answer, so names with slow servers could keep the gateway from reaching its model servers. The
 * hosts file and search domains are not used, since they do not give public names. `servers`: by default those of the
 * system.
 */
export function publicResolver(timeoutMs: number, servers?: readonly string[]): Resolver {
  return async (hostname, signal) => {
    // The second try waits twice as long as the first. So IPv4 and IPv6 both have time, even if one gets no answer.
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

/** Resolves as the system does, with the hosts file and search domains, which trusted networks may need. */
export const systemResolver: Resolver = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);
