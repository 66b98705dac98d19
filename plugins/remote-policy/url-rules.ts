import { BLOCKED_PORTS } from "./blocked-ports.ts";
import { type HostLists, hostOf, hostRules } from "./host-rules.ts";
import { RemoteRefused } from "./remote-errors.ts";

/** Checks a URL before DNS is asked, and parses it. @throws RemoteRefused */
export type UrlRules = (url: string) => URL;

/** @throws ConfigError if a list of hosts has an invalid entry */
export function urlRules(lists: HostLists, checks: boolean): UrlRules {
  const checkHost = hostRules(lists, checks);
  const schemes = checks ? ["https"] : ["https", "http"];
  return (text) => {
    const url = URL.parse(text);
    if (!url) throw new RemoteRefused("The URL is refused: it is not a valid absolute URL.");
    if (!schemes.includes(url.protocol.slice(0, -1)))
      throw new RemoteRefused(`The URL is refused: its scheme must be ${schemes.join(" or ")}.`);
    if (url.username !== "" || url.password !== "")
      throw new RemoteRefused("The URL is refused: it has a user name or a password in it.");
    if (BLOCKED_PORTS.has(Number(url.port)))
      throw new RemoteRefused(`The URL is refused: port ${url.port} belongs to another protocol.`);
    checkHost(hostOf(url));
    return url;
  };
}
