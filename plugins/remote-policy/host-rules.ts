import { isIP } from "node:net";
import { ConfigError } from "../../core/index.ts";
import { RemoteRefused } from "./remote-errors.ts";

export interface HostLists {
  /** If given, only these hosts are allowed. `*.` and a name means all names below it, at any depth, but not itself. */
  allowHosts?: readonly string[] | undefined;
  /** These hosts are always refused. Written like `allowHosts`. */
  denyHosts?: readonly string[] | undefined;
}

/** Names that mean this machine or this network: RFC 6761, RFC 6762, RFC 8375, and ICANN for `internal`. */
const LOCAL = /(^|\.)(localhost|local|internal|home\.arpa)$/;
/** A name with at least two labels. Anything else in a URL is not a public DNS name. */
const PUBLIC_NAME = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+$/;
const MOST_CHARACTERS = 253;
/** A host alone, without the other parts of a URL. */
const HOST_ALONE = /^(\[[^\]]*\]|[^\s/\\:@?#*]+)$/;

/** The host as in the lists and in DNS: lower-case ASCII from the URL parser, without final dot and brackets. */
export function hostOf({ hostname }: { readonly hostname: string }): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname.replace(/\.$/, "");
}

/**
 * Makes the check for hosts, which throws RemoteRefused. `publicOnly` refuses local names and IP addresses.
 * @throws ConfigError if a list has an entry that is neither a host nor `*.` and a host
 */
export function hostRules(lists: HostLists, publicOnly: boolean): (host: string) => void {
  const denied = matcher("denyHosts", lists.denyHosts ?? []);
  const allowed = lists.allowHosts && matcher("allowHosts", lists.allowHosts);
  return (host) => {
    if (publicOnly) mustBePublic(host);
    if (denied(host)) throw new RemoteRefused(`The host "${host}" is refused: it is on the deny list.`);
    if (allowed && !allowed(host))
      throw new RemoteRefused(`The host "${host}" is refused: it is not on the allow list.`);
  };
}

function mustBePublic(host: string): void {
  if (isIP(host) !== 0)
    throw new RemoteRefused("The URL is refused: it has an IP address where a host name must be.");
  if (host.length > MOST_CHARACTERS)
    throw new RemoteRefused("The URL is refused: its host name is too long.");
  if (!PUBLIC_NAME.test(host) || LOCAL.test(host))
    throw new RemoteRefused(`The host "${host}" is refused: it is not a public host name.`);
}

function matcher(list: keyof HostLists, entries: readonly string[]): (host: string) => boolean {
  const names = new Set<string>();
  const suffixes: string[] = [];
  for (const entry of entries) {
    if (entry.startsWith("*.")) suffixes.push(`.${normalized(list, entry, entry.slice(2))}`);
    else names.add(normalized(list, entry, entry));
  }
  return (host) => names.has(host) || suffixes.some((suffix) => host.endsWith(suffix));
}

/** A host of a list, parsed like the host of a URL. */
function normalized(list: keyof HostLists, entry: string, host: string): string {
  const written = isIP(host) === 6 ? `[${host}]` : host;
  const url = URL.parse(`https://${written}`);
  // Other parts of a URL are refused, not ignored: otherwise `example.com:8443` would mean every port.
  if (!url || !HOST_ALONE.test(written))
    throw new ConfigError(`${list}: "${entry}" is neither a host nor "*." and a host`);
  return hostOf(url);
}
