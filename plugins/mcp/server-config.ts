import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { checkOptions } from "../../core/index.ts";
import { type Approval, approvalSchema } from "./filter.ts";
import { createRedact, secretsIn } from "./redact.ts";
import type { Address } from "./session.ts";

export const LABEL = /^[a-zA-Z0-9_-]+$/;

/** A server from the configuration, ready to connect. */
export interface ServerConfig {
  readonly label: string;
  readonly address: Address;
  /** The server's address or program, without anything that may be secret. */
  readonly shown: string;
  /** The approval for requests that do not set it. */
  readonly approval: Approval;
  /** Given to the model with every tool. */
  readonly description?: string | undefined;
  /** Values that are never shown. */
  readonly secrets: readonly string[];
}

const strings = z.record(z.string(), z.string());

/** An entry of `mcpServers`. Keys of other clients are kept. */
export const serverSchema = z.looseObject({
  /** The server's program, found as a shell finds it, and its arguments. */
  command: z.string().min(1).optional(),
  args: z.array(z.string()).optional(),
  /** Variables added to PATH, HOME and similar ones. The gateway's other variables are not inherited. */
  env: strings.optional(),
  /** Working directory, relative to the file, or for servers in `vr.config.ts` to the gateway's working directory. */
  cwd: z.string().min(1).optional(),
  /** The URL of a server that speaks Streamable HTTP or the older SSE. */
  url: z.string().optional(),
  /** Headers sent with each request to `url`. */
  headers: strings.optional(),
  /** "sse" skips the attempt with Streamable HTTP. Other values, which other clients use, are ignored. */
  type: z.string().optional(),
  /** Default: "never", since configured servers are trusted. */
  approval: approvalSchema.optional(),
  description: z.string().optional(),
  /** If true, the server is ignored. */
  disabled: z.boolean().optional(),
});

export type ServerInput = z.input<typeof serverSchema>;

export interface Reading {
  /** The variables for `${NAME}`. */
  env: NodeJS.ProcessEnv;
  /** The folder for relative paths. */
  folder: string;
}

const STDIO_KEYS = ["command", "args", "env", "cwd"] as const;
const URL_KEYS = ["url", "headers"] as const;

/**
 * Converts entries by label to servers.
 * @throws Error whose message names label and key, and shows no value
 */
export function toServerConfigs(entries: Record<string, unknown>, reading: Reading): ServerConfig[] {
  return Object.entries(entries).flatMap(([label, entry]) => {
    if (!LABEL.test(label)) throw new Error(`${JSON.stringify(label)}: labels match ${LABEL.source}`);
    const checked = checkOptions({ path: label }, serverSchema, entry);
    return checked.disabled ? [] : [toServerConfig(label, checked, reading)];
  });
}

function toServerConfig(label: string, entry: z.output<typeof serverSchema>, reading: Reading): ServerConfig {
  const ofProgram = STDIO_KEYS.find((key) => entry[key] !== undefined);
  const ofUrl = URL_KEYS.find((key) => entry[key] !== undefined);
  if (ofProgram && ofUrl)
    throw new Error(`${label}.${ofUrl}: does not go with "${ofProgram}": a server is a program or a URL`);
  if (!entry.command && !entry.url) throw new Error(`${label}: expected "command" or "url"`);
  const expanded: string[] = [];
  const expand = (text: string, key: string) =>
    expandVariables(text, `${label}.${key}`, reading.env, expanded);
  const expandAll = (values: Record<string, string> | undefined, key: string) =>
    Object.fromEntries(
      Object.entries(values ?? {}).map(([name, text]) => [name, expand(text, `${key}.${name}`)]),
    );
  const { approval = "never", description } = entry;
  if (entry.command !== undefined) {
    const command = expand(entry.command, "command");
    const args = (entry.args ?? []).map((text, i) => expand(text, `args.${i}`));
    const env = expandAll(entry.env, "env");
    const cwd = entry.cwd === undefined ? undefined : expand(entry.cwd, "cwd");
    const folder = cwd === undefined || isAbsolute(cwd) ? cwd : resolve(reading.folder, cwd);
    const address: Address = { kind: "stdio", command, args, env, cwd: folder };
    const secrets = [...Object.values(env), ...expanded];
    return { label, address, shown: `program ${entry.command}`, approval, description, secrets };
  }
  const url = expand(entry.url as string, "url");
  const parsed = checkedUrl(url, label);
  if (parsed.username || parsed.password)
    throw new Error(`${label}.url: credentials do not belong here; use ${label}.headers.Authorization`);
  const headers = expandAll(entry.headers, "headers");
  checkHeaders(headers, label);
  const address: Address = { kind: "http", url, headers, sse: entry.type === "sse" };
  const secrets = [...Object.values(headers), ...expanded, ...secretsIn(parsed)];
  // Leaves out the path, since it contains a token for some servers.
  const shown = createRedact(expanded)(parsed.origin);
  return { label, address, shown, approval, description, secrets };
}

/** Expands `${NAME}`, editors' `${env:NAME}`, and `${NAME:-otherwise}`. Adds the variables' values to `expanded`. */
function expandVariables(text: string, where: string, env: NodeJS.ProcessEnv, expanded: string[]): string {
  return text.replace(
    /\$\{(?:env:)?([A-Za-z_]\w*)(?::-((?:[^$}]|\$(?!\{))*))?\}/g,
    (_, name: string, otherwise?: string) => {
      const value = env[name];
      if (value) expanded.push(value);
      else if (otherwise === undefined) throw new Error(`${where}: the environment has no variable ${name}`);
      return value || (otherwise as string);
    },
  );
}

function checkedUrl(url: string, label: string): URL {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new Error(`${label}.url: expected an http or https URL`);
  return parsed;
}

function checkHeaders(headers: Record<string, string>, label: string): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers({ [name]: value });
    } catch {
      throw new Error(`${label}.headers.${name}: this is not a valid header`);
    }
  }
}
