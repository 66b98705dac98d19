import type { StartSettings } from "./config-settings.ts";
import { GATEWAY_VARIABLES } from "./config-variables.ts";
import { type DeclaredSetting, declaredSettings, readSettings } from "./declared-settings.ts";
import type { Plugin } from "./plugin.ts";
import { nonEmpty } from "./setting.ts";

// The only file of the core that imports plugins: flags and environment variables can name an upstream and a store.

/** Plugins that replace configured upstreams and stores. */
export interface Brought {
  readonly upstream: Plugin | undefined;
  readonly store: Plugin | undefined;
}

/** The plugins that `--upstream`, `VR_UPSTREAM`, `VR_UPSTREAM_KIND` and `VR_REDIS_URL` name. @throws ConfigError that names the variable */
export async function broughtPlugins(
  configured: readonly Plugin[],
  { upstream }: StartSettings,
  env: NodeJS.ProcessEnv,
): Promise<Brought> {
  return { upstream: await upstreamPlugin(upstream, env), store: await storePlugin(configured, env) };
}

async function upstreamPlugin(baseUrl: string | undefined, env: NodeJS.ProcessEnv) {
  if (!baseUrl && !nonEmpty(env.VR_UPSTREAM_KIND)) return undefined;
  const { namedUpstream, namedUpstreamSettings: settings } = await import("../plugins/find-server/index.ts");
  const { VR_UPSTREAM_KIND: kind, VR_UPSTREAM_API_KEY: apiKey } = readSettings(settings, env);
  return { ...(await namedUpstream({ baseUrl, kind, apiKey })), settings };
}

/** `undefined` if the configuration has the plugin already. */
async function storePlugin(configured: readonly Plugin[], env: NodeJS.ProcessEnv) {
  if (!nonEmpty(env.VR_REDIS_URL)) return undefined;
  const { storeKeyv } = await import("../plugins/store-keyv/index.ts");
  const store = storeKeyv();
  return configured.some(({ name }) => name === store.name) ? undefined : store;
}

/** Every variable that vr understands: the gateway's, those that bring plugins, those that configured plugins declare. */
export async function knownSettings(configured: readonly Plugin[]): Promise<DeclaredSetting[]> {
  const gateway = declaredSettings([{ name: "", settings: GATEWAY_VARIABLES }]);
  const ofPlugins = declaredSettings([...(await bringing()), ...configured]);
  return [...gateway.map((setting) => ({ ...setting, plugins: [] })), ...ofPlugins];
}

/** The plugins that variables can name: their variables work with every configuration. */
export async function bringing(): Promise<Pick<Plugin, "name" | "settings">[]> {
  const [{ findServer, namedUpstreamSettings }, { storeKeyv }] = await Promise.all([
    import("../plugins/find-server/index.ts"),
    import("../plugins/store-keyv/index.ts"),
  ]);
  return [{ name: findServer().name, settings: namedUpstreamSettings }, storeKeyv()];
}
