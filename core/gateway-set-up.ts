import type { BodyLimits } from "./body-limits.ts";
import type { Log, MaybePromise } from "./context.ts";
import { namingResponse } from "./current-response.ts";
import { readDeclared } from "./declared-settings.ts";
import { ConfigError, isVrError, PluginError } from "./errors.ts";
import { HookSet } from "./hook-set.ts";
import type { SealedHooks } from "./hooks.ts";
import { createRouter } from "./http/router.ts";
import { ownedBy, ownerOf } from "./owners.ts";
import type { Plugin, Vr } from "./plugin.ts";
import { Registry } from "./registry.ts";
import { GuardedUpstream } from "./routing/guarded-upstream.ts";
import { UpstreamRouter } from "./routing/router.ts";
import type { Route } from "./routing/routes.ts";
import type { GatewaySettings, Settings } from "./setting.ts";
import { limitStore } from "./store-limit.ts";
import { toGuardLimits } from "./upstream-limits.ts";
import { within } from "./within.ts";

export interface SetUpOptions {
  plugins: readonly Plugin[];
  /** Takes the place of every upstream that `plugins` add: `--upstream`, `VR_UPSTREAM`, `VR_UPSTREAM_KIND`. */
  upstream?: Plugin | undefined;
  /** Where requests go, by their model. Not looked at with `upstream`: it takes the place of their targets. */
  routes?: readonly Route[] | undefined;
  /** Replaces every store that `plugins` use: one that flags or environment name. */
  store?: Plugin | undefined;
  settings: GatewaySettings;
  /** Where the variables that plugins declare are read: the process's own environment unless given. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Milliseconds for one call of the store. */
  storeTimeoutMs: number;
  /** Time limit of one call of a tap, in milliseconds. */
  hookTimeoutMs: number;
  bodyLimits: BodyLimits;
  log: Log;
}

/** Milliseconds that a plugin may take to close: those that were set up before it must close too. */
const CLOSE_MS = 5_000;

export const ROUTES_IGNORED =
  "ignored: --upstream or VR_UPSTREAM took the place of the upstreams that they name";

/** The plugins of one gateway, and what they have registered. */
export class PluginSet {
  readonly hooks = new HookSet();
  readonly registry = new Registry();
  /** Endpoints of the plugins' own. */
  readonly endpoints = createRouter();
  readonly #options: SetUpOptions;
  readonly #closers: (() => MaybePromise<void>)[] = [];
  readonly #whenReady: { plugin: string; run: () => MaybePromise<void> }[] = [];
  readonly #ending = new AbortController();
  /** Present once all plugins are set up. */
  #router: UpstreamRouter | undefined;

  constructor(options: SetUpOptions) {
    this.#options = options;
  }

  /** In order. @throws ConfigError that names the plugin; those that were set up are closed again */
  async setUp(): Promise<{ router: UpstreamRouter; hooks: SealedHooks }> {
    const { plugins, upstream, store, log, hookTimeoutMs, settings, env = process.env } = this.#options;
    const given = { upstreams: !upstream, stores: !store };
    const all = [...(upstream ? [upstream] : []), ...(store ? [store] : []), ...plugins];
    const declared = readDeclared(all, env);
    const settingsOf = (plugin: Plugin) => Object.freeze({ ...settings, ...declared.get(plugin) });
    try {
      for (const plugin of all) {
        const uses =
          plugin === upstream
            ? { ...given, upstreams: true }
            : plugin === store
              ? { upstreams: false, stores: true }
              : given;
        await this.#setUp(plugin, settingsOf(plugin), uses);
      }
      const hooks = this.hooks.seal({ log, limitMs: hookTimeoutMs });
      this.#router = this.#createRouter();
      return { router: this.#router, hooks };
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** What plugins do once they are all set up. @throws ConfigError, as `setUp` */
  async ready(): Promise<void> {
    try {
      for (const { plugin, run } of this.#whenReady) {
        await attempt(plugin, "start", run);
        this.#claimRoutes(plugin);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Ends what plugins still do for clients. */
  abort(reason: Error): void {
    this.#ending.abort(reason);
  }

  /** In reverse order; a plugin that fails or hangs does not keep the others open. */
  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) {
      const late = () => new Error(`not closed within ${CLOSE_MS} ms`);
      await within({ ms: CLOSE_MS, late }, () => close()).catch((error: unknown) =>
        this.#options.log.error({ err: error }, "a plugin failed to close"),
      );
    }
  }

  async #setUp(
    plugin: Plugin,
    settings: Settings,
    uses: { upstreams: boolean; stores: boolean },
  ): Promise<void> {
    const vr = this.#vrFor(plugin.name, settings, uses);
    await attempt(plugin.name, "set up", () => plugin.setup(vr));
    this.#claimRoutes(plugin.name);
  }

  /** Assigns routes added since the plugin was called to it. @throws PluginError when it has moved all others */
  #claimRoutes(plugin: string): void {
    const { prefix } = this.endpoints.opts;
    if (prefix)
      throw new PluginError(
        `plugin "${plugin}" sets the prefix "${prefix}" of vr.router, which all plugins share: write it into each path`,
      );
    for (const route of this.endpoints.stack) if (ownerOf(route) === undefined) ownedBy(plugin, route);
  }

  /** `uses`: whether what the plugin adds counts, or something else takes its place. */
  #vrFor(plugin: string, settings: Settings, uses: { upstreams: boolean; stores: boolean }): Vr {
    const { registry, hooks } = this;
    const { log, storeTimeoutMs } = this.#options;
    return {
      hooks: hooks.facade(plugin),
      tools: {
        kind: (kind) => registry.addKind(plugin, kind),
        add: (tool, toolOptions) => registry.addTool(plugin, tool, toolOptions),
      },
      upstreams: {
        add: (upstream, limits) => {
          if (this.#router) throw new PluginError(`plugin "${plugin}" adds an upstream after set-up`);
          if (uses.upstreams) registry.addUpstream(plugin, upstream, limits);
        },
        route: (model) => {
          if (this.#router) return this.#router.route(model);
          throw new PluginError(`plugin "${plugin}" routes during set-up: upstreams are known after it`);
        },
        replaced: !uses.upstreams,
      },
      stores: {
        use: (store) => {
          if (uses.stores) registry.setStore(plugin, limitStore(store, storeTimeoutMs, plugin));
        },
        replaced: !uses.stores,
      },
      dependencies: { add: (dependency) => registry.addDependency(plugin, dependency) },
      router: this.endpoints,
      bodyLimits: this.#options.bodyLimits,
      log: namingResponse(log.child({ plugin })),
      settings,
      taps: () => hooks.taps,
      ending: this.#ending.signal,
      onReady: (run) => this.#whenReady.push({ plugin, run }),
      onClose: (close) => this.#closers.push(close),
    };
  }

  /** @throws ConfigError when a route names an upstream that no plugin added */
  #createRouter(): UpstreamRouter {
    const { upstream, routes, log, settings } = this.#options;
    const { registry } = this;
    const trace = settings.logLevel === "debug" ? { bodies: settings.logBodies === true } : undefined;
    const isOnly = registry.upstreams.length === 1;
    const guarded = registry.upstreams.map(
      (added) =>
        new GuardedUpstream(added, toGuardLimits(registry.limitsOf(added), isOnly), log, undefined, trace),
    );
    if (!upstream) return new UpstreamRouter(guarded, routes);
    if (routes && routes.length > 0) log.warn({ routes: routes.length }, `routes are ${ROUTES_IGNORED}`);
    return new UpstreamRouter(guarded);
  }
}

async function attempt(plugin: string, what: string, action: () => MaybePromise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (isVrError(error)) throw error;
    throw new ConfigError(`plugin "${plugin}" failed to ${what}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
