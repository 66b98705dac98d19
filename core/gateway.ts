import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { VrError } from "./errors.ts";
import { PluginSet, type SetUpOptions } from "./gateway-set-up.ts";
import { createApp } from "./http/app.ts";
import { answerBrokenHttp } from "./http/broken-http.ts";
import { type ConnectionLimits, Connections, timeoutsOf } from "./http/connections.ts";
import { type HttpOptions, ResponseCreator } from "./http/create-response.ts";
import { Edge, type EdgeOptions } from "./http/edge.ts";
import { isHostName, isLoopback } from "./http/hosts.ts";
import type { Engine, Limits } from "./pipeline/engine.ts";
import { UnderWay } from "./under-way.ts";
import { within } from "./within.ts";

/** Not imported, for the reason given in `http/router.ts`. */
const { createServer } = process.getBuiltinModule("node:http");

export interface GatewayOptions
  extends Omit<SetUpOptions, "storeTimeoutMs" | "hookTimeoutMs" | "bodyLimits"> {
  limits: Limits;
  http: HttpOptions;
  edge: EdgeOptions;
  connections: ConnectionLimits;
}

/** Milliseconds that an idle connection stays open: longer than clients and proxies keep theirs. */
const KEEP_ALIVE_MS = 75_000;

/** Sets up the plugins in order and creates the gateway. @throws ConfigError that names the plugin */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { limits, http, edge, connections, log } = options;
  const { storeTimeoutMs, hookTimeoutMs } = limits;
  const { streamBufferBytes: _, openResponsesReasoning: __, ...bodyLimits } = http;
  const plugins = new PluginSet({ ...options, storeTimeoutMs, hookTimeoutMs, bodyLimits });
  const { router, hooks } = await plugins.setUp();
  const engine: Engine = {
    hooks,
    registry: plugins.registry,
    router,
    log,
    limits,
    observing: new UnderWay(),
  };
  await plugins.ready();
  try {
    return new Gateway(engine, new ResponseCreator(engine, http), plugins, new Edge(edge), connections);
  } catch (error) {
    await plugins.close();
    throw error;
  }
}

export class Gateway {
  readonly engine: Engine;
  readonly #creator: ResponseCreator;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #plugins: PluginSet;
  readonly #edge: Edge;

  constructor(
    engine: Engine,
    creator: ResponseCreator,
    plugins: PluginSet,
    edge: Edge,
    connections: ConnectionLimits,
  ) {
    this.engine = engine;
    this.#creator = creator;
    this.#plugins = plugins;
    this.#edge = edge;
    const { log } = engine;
    const app = createApp({ engine, creator, plugins: plugins.endpoints, edge, log });
    const options = {
      noDelay: true,
      keepAliveTimeout: KEEP_ALIVE_MS,
      requireHostHeader: false, // the gateway refuses such requests itself, with its own error
      ...timeoutsOf(connections),
    };
    this.#server = createServer(options, app.callback());
    answerBrokenHttp(this.#server, log);
    this.#connections = new Connections(this.#server, connections, log);
  }

  /** Paths of the endpoints that plugins added. */
  get endpoints(): string[] {
    return [...new Set(this.#plugins.endpoints.stack.map(({ path }) => String(path)))];
  }

  /** Resolves to the URL once the gateway listens. @throws if the address is not available */
  async listen(port: number, host: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, 4096, resolve);
    });
    const address = this.#server.address() as AddressInfo;
    if (isHostName(host)) this.#edge.hosts.allow(host);
    // On a port that other machines can reach, a plugin that authenticates clients protects better than host names.
    if (this.engine.registry.authenticates && !isLoopback(address.address)) this.#edge.hosts.allow("*");
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${name}:${address.port}`;
  }

  /**
   * Accepts no more requests and waits for open responses. After `drainMs` milliseconds it ends the remaining ones with
   * `response.failed`. Then it closes the plugins in reverse order.
   */
  async close(drainMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#connections.drain();
    const drain = setTimeout(() => {
      const reason = new VrError(503, "server_error", "The gateway is shutting down.", {
        code: "shutting_down",
      });
      this.#creator.abortAll(reason);
      this.#plugins.abort(reason);
      setTimeout(() => this.#server.closeAllConnections(), LAST_WORDS_MS).unref();
    }, drainMs);
    await closed;
    clearTimeout(drain);
    const late = () => new Error("observers have not ended");
    await within({ ms: LAST_WORDS_MS, late }, Promise.all(this.engine.observing.values)).catch(() => {});
    await this.#plugins.close();
  }
}

/** Milliseconds for terminal events to be sent before connections are cut, and for observers to end. */
const LAST_WORDS_MS = 1_000;
