import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cosmiconfig } from "cosmiconfig";
import { type Config, type ConfigInput, defineConfig } from "./config.ts";
import { explainLoad, shown } from "./config-problem.ts";
import { ConfigError } from "./errors.ts";

const SEARCHED = ["vr.config.ts", "vr.config.mts", "vr.config.js", "vr.config.mjs"];

/** `.ts` in a checkout, `.js` in the package. */
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const shipped = new URL(`../vr.config.${extension}`, import.meta.url);

export interface LoadedConfig {
  config: Config;
  /** Where it came from; shown in the start banner. */
  file: string;
}

/**
 * The configuration of `path`, else the nearest one, else the shipped one.
 * @throws ConfigError that names file, line and option
 */
export async function loadConfig(path?: string): Promise<LoadedConfig> {
  shareTheCore();
  const explorer = cosmiconfig("vr", { searchPlaces: SEARCHED });
  const file = path ? resolve(path) : (nearest() ?? fileURLToPath(shipped));
  if (!/\.m?[jt]s$/.test(file))
    throw new ConfigError(`${file}: a configuration is a .ts, .mts, .js or .mjs file`);
  if (!existsSync(file)) throw new ConfigError(`${shown(file)}: this configuration file does not exist`);
  let exported: unknown;
  try {
    exported = (await explorer.load(file))?.config;
  } catch (error) {
    throw explainLoad(error, file);
  }
  if (exported === undefined || exported === null || isModuleWithoutDefault(exported))
    throw new ConfigError(`${shown(file)}: no default export; write: export default defineConfig({ … })`);
  try {
    return { config: defineConfig(exported as ConfigInput), file };
  } catch (error) {
    throw explainLoad(error, file);
  }
}

/**
 * The configuration of this folder, or of the first one above it within the same project (up to the nearest
 * `package.json`). Never of folders outside: whoever may write there could run code here.
 */
function nearest(): string | undefined {
  const folders: string[] = [];
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    folders.push(folder);
    if (existsSync(join(folder, "package.json"))) break;
    if (folder === dirname(folder)) return findIn([process.cwd()]);
  }
  return findIn(folders);
}

function findIn(folders: readonly string[]): string | undefined {
  return folders
    .flatMap((folder) => SEARCHED.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}

function isModuleWithoutDefault(exported: unknown): boolean {
  return Object.prototype.toString.call(exported) === "[object Module]";
}

let shared = false;

type ResolveHook = NonNullable<Parameters<typeof registerHooks>[0]["resolve"]>;

/** A plugin's options are written in zod: where the plugin has none of its own, it gets vr's. */
function resolveZod(
  context: Parameters<ResolveHook>[1],
  nextResolve: Parameters<ResolveHook>[2],
): ReturnType<ResolveHook> {
  try {
    return nextResolve("zod", context);
  } catch {
    return nextResolve("zod", { ...context, parentURL: import.meta.url });
  }
}

/**
 * TypeScript that is imported is a module, whatever the nearest package.json says of JavaScript: `npm init` writes
 * one that says "commonjs".
 */
function asModule(
  resolved: ReturnType<ResolveHook>,
  { conditions }: Parameters<ResolveHook>[1],
): ReturnType<ResolveHook> {
  const isImported = conditions.includes("import") && !resolved.url.includes("/node_modules/");
  return isImported && resolved.url.endsWith(".ts") ? { ...resolved, format: "module-typescript" } : resolved;
}

/**
 * Makes `vr-gateway` in a configuration, and in what it imports, the very modules that run here: one core,
 * whether from a checkout, an installed package or a global command.
 */
function shareTheCore(): void {
  if (shared) return;
  shared = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === "zod") return resolveZod(context, nextResolve);
      if (specifier !== "vr-gateway" && !specifier.startsWith("vr-gateway/plugins/"))
        return asModule(nextResolve(specifier, context), context);
      const name = specifier.slice("vr-gateway/".length);
      const url = new URL(`${name === "" ? "./index" : `../${name}/index`}.${extension}`, import.meta.url);
      if (!existsSync(url)) throw new ConfigError(`there is no "${specifier}"`);
      return { url: url.href, shortCircuit: true };
    },
  });
}
