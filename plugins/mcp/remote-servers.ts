import { InvalidRequestError } from "../../core/index.ts";
import { type RemoteFetch, RemoteRefused } from "../remote-policy/index.ts";
import type { WantedServer } from "./entry.ts";
import { type PoolOptions, RemotePool } from "./remote-pool.ts";
import type { Address, Session } from "./session.ts";
import type { ToolServer } from "./tool.ts";

export interface RemoteOptions extends PoolOptions {
  /** Whether requests may name servers. */
  enabled: boolean;
  /** Decides which servers are allowed, and connects to them. Closed with the servers. */
  policy: RemoteFetch;
  open(address: Address, signal: AbortSignal): Promise<Session>;
}

/** Servers that requests name. Connects under the policy, with the request's credentials. */
export class RemoteServers {
  readonly #options: RemoteOptions;
  readonly #pool: RemotePool;

  constructor(options: RemoteOptions) {
    this.#options = options;
    const { fetch } = options.policy;
    this.#pool = new RemotePool((address, signal) => options.open({ ...address, fetch }, signal), options);
  }

  /** @throws InvalidRequestError if requests may name no servers, or not this one */
  server({ label, headers }: WantedServer, url: string): ToolServer {
    const param = "server_url";
    if (!this.#options.enabled)
      throw new InvalidRequestError("This gateway does not allow requests to name MCP servers.", { param });
    const parsed = URL.parse(url);
    if (!parsed) throw new InvalidRequestError("server_url is not a URL", { param });
    if (parsed.username || parsed.password)
      throw new InvalidRequestError("Credentials do not belong in server_url; use authorization.", { param });
    try {
      this.#options.policy.check(url);
    } catch (error) {
      if (!(error instanceof RemoteRefused)) throw error;
      throw new InvalidRequestError(error.message, { param, cause: error });
    }
    return this.#pool.server(label, url, headers);
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#options.policy.close();
  }
}
