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
   * `true` allows only https, public host names and public addresses. `false`, for trusted networks, also allows http,
   * local names and any address. In both cases redirects are not followed, and `allowHosts` and `denyHosts` apply.
   */
  checks: boolean;
  /** Called once per connection. Default: asks the name servers; without `checks`, resolves as the system does. */
  resolve?: Resolver | undefined;
  /** Connects to one of the checked addresses. Default: over TCP, to the address that answers first. */
  connect?: Connect | undefined;
  /** PEM of the certificates to trust, instead of Node's own. */
  ca?: string | undefined;
  /** Milliseconds to resolve a host; 5000 by default. */
  resolveTimeoutMs?: number | undefined;
  /** Milliseconds to connect, TLS included; 10000 by default. */
  connectTimeoutMs?: number | undefined;
  /** Milliseconds from the request to the answer's headers; 300000 by default, 0 for no limit. */
  answerTimeoutMs?: number | undefined;
  /** Milliseconds without a byte of the answer's body; 300000 by default, 0 for no limit. */
  idleTimeoutMs?: number | undefined;
}

export interface RemoteFetch {
  /**
   * `fetch` under the policy. It sets `redirect` itself. A `host` header is not sent, since it would name another host
   * than the checked one. Takes any body except the global `FormData`.
   * @throws RemoteRefused, RemoteUnreachable; the signal's reason; TypeError for arguments that `fetch` does not take.
   * A body that breaks off errors with a TypeError whose cause is a RemoteUnreachable.
   */
  fetch: typeof globalThis.fetch;
  /** Checks a URL as far as possible without DNS. @throws RemoteRefused */
  check(url: string): void;
  /** Aborts running requests and ends idle connections. Nothing can be fetched afterwards. */
  close(): Promise<void>;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The policy under which the gateway connects to URLs that requests name.
 * @throws ConfigError if `allowHosts` or `denyHosts` has an entry that is not a host
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
  // The classes are the same, but TypeScript sees two: the package's and those of Node's own copy.
  const fetch = agent.fetch as unknown as (url: string, init: object) => Promise<Response>;
  let response: Response;
  try {
    response = await fetch(url.href, { ...init, redirect: "manual", dispatcher: agent.dispatcher });
  } catch (error) {
    throw error instanceof TypeError && isRemoteError(error.cause) ? error.cause : error;
  }
  if (!REDIRECTS.has(response.status)) return response;
  response.body?.cancel().catch(() => {}); // the error does not matter
  throw new RemoteRefused(
    `The host "${hostOf(url)}" answered ${response.status}, a redirect: redirects are not followed.`,
  );
}

/** The parts of a `Request`, since the HTTP client does not take Node's own `Request`. */
function partsOf({ method, headers, body, signal }: Request): RequestInit {
  return { method, headers, signal, ...(body && { body, duplex: "half" }) };
}
