import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cosmiconfig } from "cosmiconfig";
import { type Config, type ConfigInput, defineConfig } from "./config.ts";
import { ConfigError, isVrError } from "./errors.ts";

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
 * The configuration of `path`, else of the first `vr.config.ts` here or above, else the shipped one.
 * @throws ConfigError that names file, line and option
 */
export async function loadConfig(path?: string): Promise<LoadedConfig> {
  shareTheCore();
  const explorer = cosmiconfig("vr", { searchPlaces: SEARCHED });
  const file = path ? resolve(path) : (nearest() ?? fileURLToPath(shipped));
  if (!existsSync(file)) throw new ConfigError(`${shown(file)}: this configuration file does not exist`);
  let exported: unknown;
  try {
    exported = (await explorer.load(file))?.config;
  } catch (error) {
    throw explain(error, file);
  }
  if (exported === undefined || exported === null || isModuleWithoutDefault(exported))
    throw new ConfigError(`${shown(file)}: no default export; write: export default defineConfig({ … })`);
  try {
    return { config: defineConfig(exported as ConfigInput), file };
  } catch (error) {
    throw explain(error, file);
  }
}

/** The configuration of this folder or of the first one above that has one. */
function nearest(): string | undefined {
  for (let folder = process.cwd(); ; folder = resolve(folder, "..")) {
    const found = SEARCHED.map((name) => resolve(folder, name)).find((name) => existsSync(name));
    if (found) return found;
    if (folder === resolve(folder, "..")) return undefined;
  }
}

function isModuleWithoutDefault(exported: unknown): boolean {
  return Object.prototype.toString.call(exported) === "[object Module]";
}

let shared = false;

/**
 * Makes `vr-gateway` in a configuration, and in what it imports, the very modules that run here: one core,
 * whether from a checkout, an installed package or a global command.
 */
function shareTheCore(): void {
  if (shared) return;
  shared = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier !== "vr-gateway" && !specifier.startsWith("vr-gateway/plugins/"))
        return nextResolve(specifier, context);
      const name = specifier.slice("vr-gateway/".length);
      const file = name === "" ? "./index" : `../${name}/index`;
      return { url: new URL(`${file}.${extension}`, import.meta.url).href, shortCircuit: true };
    },
  });
}

/** What went wrong while loading, with file and line in front. */
function explain(error: unknown, file: string): ConfigError {
  const { message, stack = "" } = error as Error;
  const at = lineIn(stack, file);
  if (isVrError(error)) {
    const line = optionLine(message, file, at) ?? at;
    return new ConfigError(`${place(file, line)}: ${message}`, { cause: error });
  }
  const what =
    error instanceof SyntaxError || /SYNTAX/.test(String((error as { code?: string }).code))
      ? "syntax error: "
      : "";
  return new ConfigError(`${place(file, at)}: ${what}${message.split("\n")[0]}`, { cause: error });
}

/** The first line of `file` that a stack names. */
function lineIn(stack: string, file: string): number | undefined {
  for (const line of stack.split("\n")) {
    const index = line.indexOf(file);
    const number = index < 0 ? undefined : /^:(\d+)/.exec(line.slice(index + file.length))?.[1];
    if (number) return Number(number);
  }
  return undefined;
}

/** The line that writes the option which a message names: `limits.maxTurns: …`, `Unrecognized key: "prot"`. */
function optionLine(message: string, file: string, from = 1): number | undefined {
  const key =
    /key: "([^"]+)"/.exec(message)?.[1] ?? /: (?:[\w[\]]+\.)*([A-Za-z]\w*)(?:\[\d+\])*: /.exec(message)?.[1];
  if (!key) return undefined;
  const lines = readFileSync(file, "utf8").split("\n");
  const index = lines.findIndex(
    (line, i) => i >= from - 1 && new RegExp(`["']?\\b${key}\\b["']?\\s*[:,}]`).test(line),
  );
  return index < 0 ? undefined : index + 1;
}

function place(file: string, line: number | undefined): string {
  return line === undefined ? shown(file) : `${shown(file)}:${line}`;
}

function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith("..") ? file : short;
}
