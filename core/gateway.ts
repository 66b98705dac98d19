import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import Router from "@koa/router";
import type { Log, MaybePromise } from "./context.ts";
import { ConfigError, isVrError, VrError } from "./errors.ts";
import { HookSet } from "./hooks.ts";
import { createApp } from "./http/app.ts";
import { Connections } from "./http/connections.ts";
import { type HttpOptions, ResponseCreator } from "./http/create-response.ts";
import type { Engine, Limits } from "./pipeline/engine.ts";
import type { Plugin, Settings, Vr } from "./plugin.ts";
import { Registry } from "./registry.ts";
import { untilAborted } from "./until-aborted.ts";

export interface GatewayOptions {
  plugins: readonly Plugin[];
  /** Takes the place of every upstream that `plugins` add: `--upstream`, `VR_UPSTREAM`, `VR_UPSTREAM_KIND`. */
  upstream?: Plugin | undefined;
  settings: Settings;
  limits: Limits;
  http: HttpOptions;
  log: Log;
}

/** Milliseconds that an idle connection is kept: longer than clients and proxies keep theirs. */
const KEEP_ALIVE_MS = 75_000;

/** Sets plugins up in order and makes a gateway of them. @throws ConfigError that names the plugin */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const hooks = new HookSet();
  const registry = new Registry();
  const router = new Router();
  const closers: (() => MaybePromise<void>)[] = [];
  const setUp = async (plugin: Plugin, addsUpstreams: boolean) => {
    const vr: Vr = {
      hooks: hooks.facade(plugin.name),
      tools: {
        kind: (kind) => registry.addKind(plugin.name, kind),
        add: (tool, toolOptions) => registry.addTool(plugin.name, tool, toolOptions),
      },
      upstreams: {
        add: (upstream) => addsUpstreams && registry.addUpstream(plugin.name, upstream),
        replaced: !addsUpstreams,
      },
      stores: { use: (store) => registry.setStore(plugin.name, store) },
      router,
      log: options.log.child({ plugin: plugin.name }),
      settings: options.settings,
      taps: () => hooks.taps,
      onClose: (close) => closers.push(close),
    };
    try {
      await plugin.setup(vr);
    } catch (error) {
      if (isVrError(error)) throw error;
      throw new ConfigError(`plugin "${plugin.name}" failed to set up: ${(error as Error).message}`, {
        cause: error,
      });
    }
  };
  try {
    if (options.upstream) await setUp(options.upstream, true);
    for (const plugin of options.plugins) await setUp(plugin, !options.upstream);
  } catch (error) {
    await closeAll(closers, options.log);
    throw error;
  }
  const engine: Engine = {
    hooks: hooks.seal(options.log),
    registry,
    log: options.log,
    limits: options.limits,
    observing: new Set(),
  };
  return new Gateway(engine, new ResponseCreator(engine, options.http), router, closers);
}

/** Milliseconds that a plugin may take to close: those that were set up before it must close too. */
const CLOSE_MS = 5_000;

async function closeAll(closers: (() => MaybePromise<void>)[], log: Log): Promise<void> {
  for (const close of closers.reverse()) {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`not closed within ${CLOSE_MS} ms`)), CLOSE_MS);
    try {
      await untilAborted(Promise.resolve(close()), late.signal);
    } catch (error) {
      log.error({ err: error }, "a plugin failed to close");
    } finally {
      clearTimeout(timer);
    }
  }
}

export class Gateway {
  readonly engine: Engine;
  readonly #creator: ResponseCreator;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #closers: (() => MaybePromise<void>)[];

  constructor(
    engine: Engine,
    creator: ResponseCreator,
    router: Router,
    closers: (() => MaybePromise<void>)[],
  ) {
    this.engine = engine;
    this.#creator = creator;
    this.#closers = closers;
    const app = createApp(engine, creator, router, engine.log);
    this.#server = createServer({ noDelay: true, keepAliveTimeout: KEEP_ALIVE_MS }, app.callback());
    this.#connections = new Connections(this.#server);
  }

  /** Resolves to the URL once the gateway listens. @throws when the address cannot be had */
  async listen(port: number, host: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, 4096, resolve);
    });
    const address = this.#server.address() as AddressInfo;
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${name}:${address.port}`;
  }

  /**
   * Takes no more requests, lets open responses end, and after `drainMs` milliseconds ends what is left with
   * `response.failed`; then closes plugins in reverse order.
   */
  async close(drainMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#connections.drain();
    const drain = setTimeout(() => {
      const reason = new VrError(503, "server_error", "The gateway is shutting down.", {
        code: "shutting_down",
      });
      this.#creator.abortAll(reason);
      setTimeout(() => this.#server.closeAllConnections(), LAST_WORDS_MS).unref();
    }, drainMs);
    await closed;
    clearTimeout(drain);
    await Promise.race([Promise.all(this.engine.observing), sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    await closeAll(this.#closers, this.engine.log);
  }
}

/** Milliseconds for terminal events to leave before connections are cut, and for observers to end. */
const LAST_WORDS_MS = 1_000;
