import type Router from "@koa/router";
import type { z } from "zod";
import type { BodyLimits } from "./body-limits.ts";
import { checkOptions } from "./check-options.ts";
import type { Log, MaybePromise } from "./context.ts";
import type { Dependency } from "./dependency.ts";
import type { Tap } from "./hook-taps.ts";
import type { Hooks } from "./hooks.ts";
import type { ToolRegistry, UpstreamRegistry } from "./registry.ts";
import type { SettingDeclarations, Settings } from "./setting.ts";
import type { Store } from "./store.ts";

/** The only object that a plugin talks to. `Declared`: the variables that the plugin declares. */
export interface Vr<Declared extends SettingDeclarations = Record<never, never>> {
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
  /** The gateway's settings, and by their names the values of the variables that the plugin declares. */
  readonly settings: Settings<Declared>;
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
  /** Environment variables that the plugin reads, by name: `vr.settings` has their values. See `setting`. */
  readonly settings?: SettingDeclarations;
  /** Called once, in the order of the configuration. A promise is awaited before the next plugin's set-up. */
  setup(vr: Vr): MaybePromise<void>;
}

interface WithoutOptions<Declared extends SettingDeclarations> {
  name: string;
  once?: boolean;
  settings?: Declared;
  setup(vr: Vr<Declared>): MaybePromise<void>;
}

interface Definition<Schema extends z.ZodType, Declared extends SettingDeclarations> {
  name: string;
  once?: boolean;
  settings?: Declared;
  options: Schema;
  setup(vr: Vr<Declared>, options: z.output<Schema>): MaybePromise<void>;
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
 * `settings: { VR_X: setting({…}) }`: environment variables of the plugin, typed and checked as `vr.settings.VR_X`.
 * @throws ConfigError that names the plugin and the option's path
 */
export function definePlugin<
  Schema extends z.ZodType,
  Declared extends SettingDeclarations = Record<never, never>,
>(definition: Definition<Schema, Declared>): PluginFactory<Schema>;
/** A plugin without options. */
export function definePlugin<Declared extends SettingDeclarations = Record<never, never>>(
  definition: WithoutOptions<Declared>,
): () => Plugin;
export function definePlugin(
  definition: Plugin | Definition<z.ZodType, SettingDeclarations>,
): (options?: unknown) => Plugin {
  if (!("options" in definition)) return () => definition;
  const schema = withoutOthers(definition.options);
  return (input) => {
    const options = checkOptions(`plugin "${definition.name}"`, schema, input ?? {});
    const { name, once, settings } = definition;
    return {
      name,
      ...(once ? { once } : {}),
      ...(settings ? { settings } : {}),
      setup: (vr) => definition.setup(vr as Vr<SettingDeclarations>, options),
    };
  };
}

/** A misspelt option must not leave a guardrail at its defaults: an object that says nothing of others takes none. */
function withoutOthers(schema: z.ZodType): z.ZodType {
  // By its definition, not by `instanceof`: the plugin may have a zod of its own.
  const object = schema as z.ZodObject;
  return object.def.type === "object" && object.def.catchall === undefined ? object.strict() : schema;
}
