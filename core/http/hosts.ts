import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { hostname } from "node:os";
import { VrError } from "../errors.ts";
import { quote } from "../protocol/problem.ts";

export interface HostOptions {
  /** Names beside `localhost` and the machine's own; `*.example.com` is all below it, `*` is every name. */
  allowedHosts: readonly string[];
  /** Whether `X-Forwarded-Host` says how the client called this gateway. */
  trustProxy: boolean;
}

/**
 * The host names that a gateway answers to. A page whose name was made to point here (DNS rebinding) is of the same
 * origin as the gateway for its browser, and could read everything; only the name in `Host` gives it away. It needs a
 * name for that: addresses are always good.
 */
export class Hosts {
  readonly #trustProxy: boolean;
  readonly #names = new Set(["localhost", hostname().toLowerCase()]);
  readonly #suffixes = [".localhost"];
  #all = false;
  /** The last header that was good: mostly the next one too. */
  #good: string | undefined;

  constructor({ allowedHosts, trustProxy }: HostOptions) {
    this.#trustProxy = trustProxy;
    for (const name of allowedHosts) this.allow(name);
  }

  /** A name, `*.` and a name, or `*`. */
  allow(name: string): void {
    if (name === "*") this.#all = true;
    else if (name.startsWith("*.")) this.#suffixes.push(name.slice(1).toLowerCase());
    else this.#names.add(name.toLowerCase());
  }

  /** How the client called this gateway: a name or an address, mostly with a port. */
  named(req: IncomingMessage): string | undefined {
    return this.#forwarded(req)?.split(",", 1)[0]?.trim() ?? req.headers.host;
  }

  /** Why a request is not answered: 421. Without a `Host` it is no browser's, and passes. */
  problem(req: IncomingMessage): VrError | undefined {
    const forwarded = this.#forwarded(req);
    const header = forwarded ?? req.headers.host;
    if (header === undefined || header === this.#good || this.#all) return undefined;
    // Of several proxies each adds the name that it was called by: a page can only write the first.
    for (const host of forwarded === undefined ? [header] : header.split(","))
      if (!this.#answersTo(host.trim())) return notAllowed(host.trim());
    this.#good = header;
    return undefined;
  }

  /** `X-Forwarded-Host` where it counts: the names that proxies were called by, the first by the client. */
  #forwarded({ headers }: IncomingMessage): string | undefined {
    return this.#trustProxy ? headers["x-forwarded-host"]?.toString() : undefined;
  }

  #answersTo(host: string): boolean {
    const name = nameIn(host);
    if (isIP(name) !== 0 || this.#names.has(name)) return true;
    return this.#suffixes.some((suffix) => name.endsWith(suffix) && name.length > suffix.length);
  }
}

/** Whether a text can be allowed: a name, `*.` and a name, or `*`. Addresses need not be. */
export function isHostName(text: string): boolean {
  return text === "*" || /^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(text);
}

/** The name or address of `Host`: without port, brackets and the dot of the root, in small letters. */
function nameIn(host: string): string {
  const [, v6, name = ""] = /^(?:\[([^\]]*)\]|([^:]*?)\.?)(?::\d*)?$/.exec(host) ?? [];
  return (v6 ?? name).toLowerCase();
}

function notAllowed(host: string): VrError {
  return new VrError(
    421,
    "invalid_request_error",
    `This gateway does not answer to the host name ${quote(nameIn(host) || host)}: http.allowedHosts or VR_ALLOWED_HOSTS lists those that it answers to.`,
    { code: "host_not_allowed" },
  );
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

/** Whether only this machine reaches an address. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? "ipv4" : "ipv6");
}
