import { InvalidRequestError } from "../../core/index.ts";
import type { WantedServer } from "./entry.ts";
import type { RemoteFetch } from "./remote-policy/index.ts";
import { type PoolOptions, RemotePool } from "./remote-pool.ts";
import type { Address, ServerTool, Session } from "./session.ts";
import type { ToolServer } from "./tool.ts";

export interface RemoteOptions extends PoolOptions {
  /** Whether requests may name servers. */
  enabled: boolean;
  /** Makes the policy that says which, when the first does. */
  createFetch(): Promise<RemoteFetch>;
  open(address: Address, signal: AbortSignal): Promise<Session>;
}

/** Servers that requests name: connected to under the policy, with the request's credentials. */
export class RemoteServers {
  readonly #options: RemoteOptions;
  readonly #pool: RemotePool;
  #fetch: Promise<RemoteFetch> | undefined;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#pool = new RemotePool(async (address, signal) => {
      const { fetch } = await this.#policy();
      return options.open(address.kind === "http" ? { ...address, fetch } : address, signal);
    }, options);
  }

  /** @throws InvalidRequestError when requests may name no server, or not this one */
  async server(
    { label, headers }: WantedServer,
    url: string,
    known: readonly ServerTool[] | undefined,
  ): Promise<ToolServer> {
    const param = "server_url";
    if (!this.#options.enabled)
      throw new InvalidRequestError("This gateway runs no MCP servers that requests name.", { param });
    const parsed = URL.parse(url);
    if (!parsed) throw new InvalidRequestError("server_url is no URL", { param });
    if (parsed.username || parsed.password)
      throw new InvalidRequestError("Credentials do not belong in server_url; use authorization.", { param });
    const policy = await this.#policy();
    try {
      policy.check(url);
    } catch (error) {
      if ((error as Error).name !== "RemoteRefused") throw error;
      throw new InvalidRequestError((error as Error).message, { param, cause: error });
    }
    return this.#pool.server(label, url, headers, known);
  }

  #policy(): Promise<RemoteFetch> {
    this.#fetch ??= this.#options.createFetch();
    return this.#fetch;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await (await this.#fetch)?.close();
  }
}
