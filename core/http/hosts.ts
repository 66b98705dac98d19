import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { hostname } from "node:os";
import { VrError } from "../errors.ts";
import { quote } from "../protocol/problem.ts";

export interface HostOptions {
  /** Names besides `localhost` and the machine's own; `*.example.com` is every name below it, `*` is every name. */
  allowedHosts: readonly string[];
  /** Whether `X-Forwarded-Host` holds the host name that the client used. */
  trustProxy: boolean;
}

/**
 * The host names that a gateway answers to. Against DNS rebinding: a page whose host name was made to resolve to this
 * gateway has the same origin for the browser and could read everything. Only the name in `Host` shows it. Such an attack
 * needs a name, so IP addresses are always allowed.
 */
export class Hosts {
  readonly #trustProxy: boolean;
  readonly #names = new Set(["localhost", hostname().toLowerCase()]);
  readonly #suffixes = [".localhost"];
  #all = false;
  /** The last accepted header; the next one is mostly the same. */
  #good: string | undefined;

  constructor({ allowedHosts, trustProxy }: HostOptions) {
    this.#trustProxy = trustProxy;
    for (const name of allowedHosts) this.allow(name);
  }

  /** `names`: each a host name, `*.` and a host name, or `*`. */
  allow(name: string): void {
    if (name === "*") this.#all = true;
    else if (name.startsWith("*.")) this.#suffixes.push(name.slice(1).toLowerCase());
    else this.#names.add(name.toLowerCase());
  }

  /** The host that the client used: a name or an address, mostly with a port. */
  named(req: IncomingMessage): string | undefined {
    return this.#forwarded(req)?.split(",", 1)[0]?.trim() ?? req.headers.host;
  }

  /** The 421 of a request to another host. A request without `Host` passes, since no browser sends one. */
  problem(req: IncomingMessage): VrError | undefined {
    const forwarded = this.#forwarded(req);
    const header = forwarded ?? req.headers.host;
    if (header === undefined || header === this.#good || this.#all) return undefined;
    // Each proxy appends the name that it was called by; a page can only write the first.
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

/** Whether a text is valid in `allowedHosts`: a name, `*.` and a name, or `*`. Addresses need not be listed. */
export function isHostName(text: string): boolean {
  return text === "*" || /^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(text);
}

/** The name or address in `Host`, in lower case, without port, brackets and trailing dot. */
function nameIn(host: string): string {
  const [, v6, name = ""] = /^(?:\[([^\]]*)\]|([^:]*?)\.?)(?::\d*)?$/.exec(host) ?? [];
  return (v6 ?? name).toLowerCase();
}

function notAllowed(host: string): VrError {
  return new VrError(
    421,
    "invalid_request_error",
    `This gateway does not answer to the host name ${quote(nameIn(host) || host)}: http.allowedHosts or VR_ALLOWED_HOSTS lists the names that it answers to.`,
    { code: "host_not_allowed" },
  );
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

/** Whether an address is reachable only from this machine. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? "ipv4" : "ipv6");
}
