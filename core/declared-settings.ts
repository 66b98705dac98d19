import { ConfigError } from "./errors.ts";
import type { Plugin } from "./plugin.ts";
import { isObject } from "./protocol/problem.ts";
import { isSameSchema } from "./same-schema.ts";
import { keepSecret } from "./secrets.ts";
import { nonEmpty, readSetting, type Setting, type SettingDeclarations, type Settings } from "./setting.ts";

/** A variable with the names of the plugins that declare it. */
export interface DeclaredSetting extends Setting {
  readonly name: string;
  readonly plugins: readonly string[];
}

type Declaring = Pick<Plugin, "name" | "settings">;

const NAME = /^VR_[A-Z0-9_]*[A-Z0-9]$/;

/** Every variable that the plugins declare, once, in the order of the plugins. */
export function declaredSettings(plugins: readonly Declaring[]): DeclaredSetting[] {
  const found = new Map<string, DeclaredSetting>();
  for (const plugin of plugins)
    for (const [name, setting] of Object.entries(plugin.settings ?? {})) {
      const others = found.get(name)?.plugins ?? [];
      const owners = others.includes(plugin.name) ? others : [...others, plugin.name];
      // The variable is secret if any of the plugins says so.
      found.set(name, { name, ...(found.get(name) ?? setting), ...secretOf(setting), plugins: owners });
    }
  return [...found.values()];
}

function secretOf({ secret }: Setting): Pick<Setting, "secret"> {
  return secret ? { secret } : {};
}

/**
 * The first mistake in the variables that a plugin declares; `undefined` if there is none.
 * @param others plugins that were added before it
 */
export function settingsProblem(plugin: Declaring, others: readonly Declaring[]): string | undefined {
  const { settings } = plugin;
  if (settings === undefined) return undefined;
  if (!isObject(settings))
    return "settings: expected an object such as { VR_CITY: setting({ schema, help }) }";
  for (const [name, setting] of Object.entries(settings)) {
    const problem = declarationProblem(name, setting) ?? conflict(name, setting as Setting, others);
    if (problem) return `settings: ${problem}`;
  }
  return undefined;
}

function declarationProblem(name: string, setting: unknown): string | undefined {
  if (!NAME.test(name)) return `"${name}": expected a name such as VR_CITY`;
  const { schema, help } = (isObject(setting) ? setting : {}) as Partial<Setting>;
  const { type } = (schema as { def?: { type?: string } } | undefined)?.def ?? {};
  if (type === undefined || typeof schema?.safeParse !== "function")
    return `${name}: schema: expected a zod schema`;
  if (type === "default" || type === "prefault")
    return `${name}: schema: a default would override the plugin's options; write vr.settings.${name} ?? … in setup`;
  if (typeof help !== "string" || help.trim() === "")
    return `${name}: help: expected a sentence for vr --help`;
  return undefined;
}

function conflict(name: string, setting: Setting, others: readonly Declaring[]): string | undefined {
  for (const other of others) {
    const theirs = Object.hasOwn(other.settings ?? {}, name) ? other.settings?.[name] : undefined;
    if (!theirs || theirs === setting) continue;
    const differing = [
      ...(isSameSchema(setting.schema, theirs.schema) ? [] : ["schema"]),
      ...(setting.help === theirs.help ? [] : ["help"]),
    ];
    if (differing.length > 0)
      return `${name} is declared by ${other.name === "" ? "vr itself" : `"${other.name}"`} too, with another ${differing.join(" and ")}`;
  }
  return undefined;
}

/**
 * The values that each plugin reads at `vr.settings`. Secrets are registered before anything is checked, so that no error
 * shows them.
 * @throws ConfigError that names the variable, or the plugin whose declaration is wrong
 */
export function readDeclared(
  plugins: readonly Plugin[],
  env: NodeJS.ProcessEnv,
): ReadonlyMap<Plugin, Readonly<Record<string, unknown>>> {
  for (const [i, plugin] of plugins.entries()) {
    const problem = settingsProblem(plugin, plugins.slice(0, i));
    if (problem) throw new ConfigError(`plugin "${plugin.name}": ${problem}`);
  }
  for (const { settings = {} } of plugins) keepSecrets(settings, env);
  return new Map(plugins.map((plugin) => [plugin, readSettings(plugin.settings ?? {}, env)]));
}

/** The values of declared variables. @throws ConfigError that names the variable */
export function readSettings<Declared extends SettingDeclarations>(
  declared: Declared,
  env: NodeJS.ProcessEnv,
): Omit<Settings<Declared>, "port" | "logLevel" | "logBodies"> {
  keepSecrets(declared, env);
  const read = Object.entries(declared).map(([name, setting]) => {
    const value = readSetting(name, setting, nonEmpty(env[name]));
    // A schema may make several secrets of one text.
    if (setting.secret === true) for (const text of textsIn(value)) keepSecret(text);
    return [name, value];
  });
  return Object.fromEntries(read);
}

function keepSecrets(declared: SettingDeclarations, env: NodeJS.ProcessEnv): void {
  for (const [name, { secret }] of Object.entries(declared)) {
    const text = nonEmpty(env[name]);
    if (text === undefined || !secret) continue;
    for (const part of typeof secret === "function" ? secret(text) : [text]) keepSecret(part);
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (value instanceof Set || value instanceof Map) return textsIn([...value]);
  return Array.isArray(value) || isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}
