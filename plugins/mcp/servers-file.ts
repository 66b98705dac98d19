import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ConfigError, isObject } from "../../core/index.ts";
import { type ServerConfig, toServerConfigs } from "./server-config.ts";

/**
 * Reads the file that MCP clients share: `{ "mcpServers": { "<label>": { "command": … } } }`. `named`: the option or
 * variable that names it.
 * @throws ConfigError that names file, label and key, but shows no values, which may be secret
 */
export function readServersFile(path: string, named: string, env: NodeJS.ProcessEnv): ServerConfig[] {
  const file = resolve(path);
  const fail = (message: string) => new ConfigError(`${named}: ${file}: ${message}`);
  let text: string;
  try {
    text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw fail(`cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  let value: { mcpServers?: unknown } | null;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The message quotes the text around the error.
    const place = /\(line \d+ column \d+\)/.exec((error as Error).message)?.[0];
    throw fail(`is not valid JSON${place ? ` ${place}` : ""}`);
  }
  const servers = value?.mcpServers;
  if (!isObject(servers)) throw fail('expected an object under "mcpServers"');
  try {
    return toServerConfigs(servers, { env, folder: dirname(file) });
  } catch (error) {
    throw fail((error as Error).message.replaceAll(/^/gm, "mcpServers.").replace(/^mcpServers\."/, '"'));
  }
}
