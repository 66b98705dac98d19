import { type HostLists, hostOf } from "./host-rules.ts";
import { type Connect, connectTo } from "./open-connection.ts";
import { createAgent, type RemoteAgent } from "./remote-agent.ts";
import { isRemoteError, RemoteRefused, RemoteUnreachable } from "./remote-errors.ts";
import { publicResolver, type Resolver, systemResolver } from "./resolve.ts";
import { urlRules } from "./url-rules.ts";

export type { Connect, Resolver };
export { hostOf, RemoteRefused, RemoteUnreachable };

export interface RemotePolicyOptions extends HostLists {
  /**
   * `true`: https only, public host names only, public addresses only. `false`, for trusted networks: http, local names
   * and any address too. Either way redirects are not followed, and `allowHosts` and `denyHosts` hold.
   */
  checks: boolean;
  /** Asked once per connection. By default the name servers; without checks as the system resolves. */
  resolve?: Resolver | undefined;
  /** Connects to one of the addresses that were checked. By default over TCP, to whichever answers first. */
  connect?: Connect | undefined;
  /** PEM of the certificates to trust, instead of Node's own. */
  ca?: string | undefined;
  /** Milliseconds to resolve a host; 5000 by default. */
  resolveTimeoutMs?: number | undefined;
  /** Milliseconds to connect, TLS included; 10000 by default. */
  connectTimeoutMs?: number | undefined;
  /** Milliseconds from the request to the answer's headers; 300000 by default, 0 for no limit. */
  answerTimeoutMs?: number | undefined;
  /** Milliseconds that an answer may be silent; 300000 by default, 0 for no limit. */
  idleTimeoutMs?: number | undefined;
}

export interface RemoteFetch {
  /**
   * `fetch` under the policy. It sets `redirect` itself; a `host` header, which would ask another host than the one that
   * was checked, is not sent. Takes a body of any kind but the global `FormData`.
   * @throws RemoteRefused, RemoteUnreachable; the signal's reason; TypeError for arguments that `fetch` does not take.
   * A body that breaks off errors with a TypeError whose cause is a RemoteUnreachable.
   */
  fetch: typeof globalThis.fetch;
  /** What can be said of a URL without a look at DNS. @throws RemoteRefused */
  check(url: string): void;
  /** Cuts off what runs, ends idle connections. Nothing can be fetched afterwards. */
  close(): Promise<void>;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The policy under which the gateway connects to URLs that requests name.
 * @throws ConfigError when `allowHosts` or `denyHosts` has an entry that is no host
 */
export function createRemoteFetch(options: RemotePolicyOptions): RemoteFetch {
  const { checks, resolveTimeoutMs = 5_000 } = options;
  const rules = urlRules(options, checks);
  const closing = new AbortController();
  let agent: RemoteAgent | undefined;
  return {
    check: (url) => void rules(url),
    fetch: async (input, init = {}) => {
      const request = typeof input === "string" || input instanceof URL ? undefined : input;
      const url = rules(request?.url ?? String(input));
      if (closing.signal.aborted) throw new RemoteUnreachable(hostOf(url), "cannot be connected to any more");
      agent ??= create();
      return fetchThrough(agent, url, { ...(request && partsOf(request)), ...init });
    },
    close: async () => {
      closing.abort();
      await agent?.destroy();
    },
  };

  function create(): RemoteAgent {
    return createAgent({
      checks,
      resolve: options.resolve ?? (checks ? publicResolver(resolveTimeoutMs) : systemResolver),
      connect: options.connect ?? connectTo,
      ca: options.ca,
      resolveTimeoutMs,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      answerTimeoutMs: options.answerTimeoutMs ?? 300_000,
      idleTimeoutMs: options.idleTimeoutMs ?? 300_000,
      stop: closing.signal,
    });
  }
}

async function fetchThrough(agent: RemoteAgent, url: URL, init: RequestInit): Promise<Response> {
  // The same classes by another name: those of the package and those of Node's own copy.
  const fetch = agent.fetch as unknown as (url: string, init: object) => Promise<Response>;
  let response: Response;
  try {
    response = await fetch(url.href, { ...init, redirect: "manual", dispatcher: agent.dispatcher });
  } catch (error) {
    throw error instanceof TypeError && isRemoteError(error.cause) ? error.cause : error;
  }
  if (!REDIRECTS.has(response.status)) return response;
  response.body?.cancel().catch(() => {}); // nobody reads why
  throw new RemoteRefused(
    `The host "${hostOf(url)}" answered ${response.status}, a redirect: redirects are not followed.`,
  );
}

/** The HTTP client does not take a `Request` of Node's own. */
function partsOf({ method, headers, body, signal }: Request): RequestInit {
  return { method, headers, signal, ...(body && { body, duplex: "half" }) };
}
