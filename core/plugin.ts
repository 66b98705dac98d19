import type Router from "@koa/router";
import type { z } from "zod";
import type { BodyLimits } from "./body-limits.ts";
import { checkOptions } from "./check-options.ts";
import type { Log, MaybePromise } from "./context.ts";
import type { Dependency } from "./dependency.ts";
import type { Tap } from "./hook-taps.ts";
import type { Hooks } from "./hooks.ts";
import type { ToolRegistry, UpstreamRegistry } from "./registry.ts";
import type { Store } from "./store.ts";

/** What flags and environment say, which plugins prefer to their own options. */
export interface Settings {
  /** `VR_DB_PATH` */
  readonly dbPath?: string | undefined;
  /** `VR_REDIS_URL`: may hold a password. */
  readonly redisUrl?: string | undefined;
  /** `VR_UPSTREAM_API_KEY` */
  readonly upstreamApiKey?: string | undefined;
  /** `VR_JUPYTER_URL` */
  readonly jupyterUrl?: string | undefined;
  /** `VR_JUPYTER_TOKEN` */
  readonly jupyterToken?: string | undefined;
  /** `VR_MCP_CONFIG_PATH` */
  readonly mcpConfigPath?: string | undefined;
  /** `VR_MCP_REQUEST_REMOTE_ENABLED` */
  readonly mcpRequestRemoteEnabled?: boolean | undefined;
  /** `VR_MCP_REQUEST_REMOTE_URL_CHECKS` */
  readonly mcpRequestRemoteUrlChecks?: boolean | undefined;
  /** Where the gateway is going to listen; 0 takes a free port. */
  readonly port?: number | undefined;
  readonly logLevel: string;
  /** `VR_LOG_BODIES` */
  readonly logBodies?: boolean | undefined;
}

/** The only object that a plugin talks to. */
export interface Vr {
  readonly hooks: Hooks;
  readonly tools: ToolRegistry;
  readonly upstreams: UpstreamRegistry;
  readonly stores: {
    /** One store per gateway. @throws PluginError when another plugin has set one */
    use(store: Store): void;
    /** The settings name another store: what a plugin uses is left aside, and need not be opened. */
    readonly replaced?: boolean;
  };
  /** What the plugin works with, for `/ready` and `vr check`. @throws PluginError when the name is taken */
  readonly dependencies: { add(dependency: Dependency): void };
  /** Endpoints of the plugin's own. */
  readonly router: Router;
  /** The limits of request bodies, for `readJson`. */
  readonly bodyLimits: BodyLimits;
  readonly log: Log;
  readonly settings: Settings;
  /** Every tap of every plugin with what it has cost so far. */
  taps(): readonly Readonly<Tap<unknown>>[];
  /**
   * Aborts when the gateway stops and has waited long enough for open requests: those of a plugin's own endpoints
   * are to end, with the signal's reason, a `VrError`.
   */
  readonly ending: AbortSignal;
  /** Runs once all plugins are set up, before the gateway listens. Hooks are sealed, upstreams are known. */
  onReady(run: () => MaybePromise<void>): void;
  /** Runs when the gateway stops, in reverse order of registration. */
  onClose(close: () => MaybePromise<void>): void;
}

export interface Plugin {
  readonly name: string;
  /** The configuration may hold this plugin only once; a second one is an error. */
  readonly once?: boolean;
  /** Called once, in the order of the configuration. A promise is awaited before the next plugin's set-up. */
  setup(vr: Vr): MaybePromise<void>;
}

interface Definition<Schema extends z.ZodType> {
  name: string;
  once?: boolean;
  options: Schema;
  setup(vr: Vr, options: z.output<Schema>): MaybePromise<void>;
}

type PluginFactory<Schema extends z.ZodType> =
  undefined extends z.input<Schema>
    ? (options?: z.input<Schema>) => Plugin
    : Record<never, never> extends z.input<Schema>
      ? (options?: z.input<Schema>) => Plugin
      : (options: z.input<Schema>) => Plugin;

/**
 * A plugin with checked options: `definePlugin({ name, options: z.object({…}), setup(vr, options) {…} })`
 * gives the function that `vr.config.ts` calls. Options are checked at that call; one that the object does not
 * have is an error, unless it is a `z.looseObject`. `once: true`: a configuration may have it once.
 * @throws ConfigError that names the plugin and the option's path
 */
export function definePlugin<Schema extends z.ZodType>(definition: Definition<Schema>): PluginFactory<Schema>;
/** A plugin without options. */
export function definePlugin(definition: Plugin): () => Plugin;
export function definePlugin(definition: Plugin | Definition<z.ZodType>): (options?: unknown) => Plugin {
  if (!("options" in definition)) return () => definition;
  const schema = withoutOthers(definition.options);
  return (input) => {
    const options = checkOptions(`plugin "${definition.name}"`, schema, input ?? {});
    const { name, once } = definition;
    return { name, ...(once ? { once } : {}), setup: (vr) => definition.setup(vr, options) };
  };
}

/** A misspelt option must not leave a guardrail at its defaults: an object that says nothing of others takes none. */
function withoutOthers(schema: z.ZodType): z.ZodType {
  // By its definition, not by `instanceof`: the plugin may have a zod of its own.
  const object = schema as z.ZodObject;
  return object.def.type === "object" && object.def.catchall === undefined ? object.strict() : schema;
}
