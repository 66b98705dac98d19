import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isVrError } from "./errors.ts";
import { cutSecrets } from "./secrets.ts";
import { neverWaiting } from "./standard-streams.ts";

const USAGE = `vr: the OpenAI Responses API in front of any model server

  vr start [options]     start the gateway
  vr check [options]     load the configuration, try upstreams and store, say what is wrong; exit code 0 or 1
  vr --help              this text
  vr --version

Options of start, each over its environment variable, which is over the configuration file:
  --port N         VR_PORT         port to listen on; 0 takes a free one (5969)
  --host NAME      VR_HOST         address to listen on (127.0.0.1)
  --upstream URL   VR_UPSTREAM     model server that speaks chat completions, such as
                                   http://127.0.0.1:8000/v1; replaces the configured ones
                                   (with none configured, one that is running, else a demo)
  --config FILE                    configuration (the nearest vr.config.ts, else the shipped one)

Options of check: --config, --upstream, and
  --json           one JSON document on standard output
  --timeout MS     milliseconds for each thing that is tried (5000; 30000 where a plugin
                   tries out what it depends on)

Environment only:
  VR_ALLOWED_HOSTS      host names that the gateway answers to, separated by commas, besides localhost,
                        the machine's own and IP addresses; "*" is every name
  VR_UPSTREAM_KIND      what VR_UPSTREAM is: vllm, ollama, lm-studio, llama-cpp, openai,
                        openai-compatible or demo; alone, at its usual address
  VR_UPSTREAM_API_KEY   sent to VR_UPSTREAM as a bearer token
  VR_DB_PATH            file of the SQLite store; ":memory:" keeps nothing
  VR_REDIS_URL          Redis that takes the place of the configured store, such as
                        redis://127.0.0.1:6379
  VR_JUPYTER_URL        Jupyter server or kernel gateway that runs code_interpreter's Python, such as
                        http://127.0.0.1:8888; without it Python runs in vr's own sandbox
  VR_JUPYTER_TOKEN      sent to VR_JUPYTER_URL
  VR_MCP_CONFIG_PATH    file of MCP servers, as MCP clients share it: {"mcpServers": {…}}
  VR_MCP_REQUEST_REMOTE_ENABLED
                        false: no MCP servers by a request's server_url (true)
  VR_MCP_REQUEST_REMOTE_URL_CHECKS
                        false: such servers may be anywhere, http and this host too (true)
  VR_LOG_LEVEL          debug, info, warn, error or silent (info); debug tells of each model call
  VR_LOG_BODIES         true: at debug, whole requests to models and their answers (false)
`;

/** The options of each command; `--help` and `--version` go with all. */
const OPTIONS = {
  start: ["port", "host", "upstream", "config"],
  check: ["upstream", "config", "json", "timeout"],
} as const;

type Values = ReturnType<typeof parse>["values"];

/** Runs the command; sets the exit code: 1 when it fails, 2 when it is not understood. */
export async function main(args: string[]): Promise<void> {
  neverWaiting(process.stdout);
  neverWaiting(process.stderr);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    misused((error as Error).message);
    return;
  }
  const { values, positionals } = parsed;
  const [command, ...rest] = positionals;
  if (values.version) process.stdout.write(`${version()}\n`);
  else if (values.help || command === undefined || command === "help") process.stdout.write(USAGE);
  else if (!isCommand(command) || rest.length > 0) misused(`there is no command "${positionals.join(" ")}"`);
  else if (isUnderstood(command, values)) await run(() => COMMANDS[command](values));
}

/** Loaded when they are called: neither needs the other. */
const COMMANDS = {
  start: async (values: Values) => {
    const { start } = await import("./cli-start.ts");
    await start(values, process.env, version());
  },
  check: async ({ json = false, timeout, ...flags }: Values) => {
    const { check } = await import("./cli-check.ts");
    const limitMs = timeout === undefined ? undefined : Number(timeout);
    const allIsWell = await check({ flags, env: process.env, version: version(), json, limitMs });
    endWith(allIsWell ? 0 : 1);
  },
};

function isCommand(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}

/** Says what is wrong with the options if anything is. */
function isUnderstood(command: keyof typeof OPTIONS, values: Values): boolean {
  const known: readonly string[] = OPTIONS[command];
  const other = Object.keys(values).find((name) => !known.includes(name));
  if (other !== undefined) misused(`"vr ${command}" has no option --${other}`);
  else if (!/^[1-9]\d{0,6}$/.test(values.timeout ?? "1"))
    misused(`--timeout is "${values.timeout}": expected milliseconds, from 1 to 9999999`);
  else return true;
  return false;
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string" },
      host: { type: "string" },
      upstream: { type: "string" },
      config: { type: "string" },
      json: { type: "boolean" },
      timeout: { type: "string" },
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "v" },
    },
  });
}

async function run(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    const message = isVrError(error) ? error.message : explainFailure(error);
    process.stderr.write(`vr: ${cutSecrets(message)}\n`);
    endWith(1);
  }
}

/** Ends the process, also when plugins that were set up would keep it alive. */
function endWith(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), 100).unref();
}

function explainFailure(error: unknown): string {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return `${message}: is another gateway running? --port chooses another port`;
  if (code === "EACCES" || code === "ENOTFOUND" || code === "EADDRNOTAVAIL") return message;
  return stack ?? String(error);
}

function misused(message: string): void {
  process.stderr.write(`vr: ${message}\nTry "vr --help".\n`);
  process.exitCode = 2;
}

function version(): string {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")).version;
    } catch {
      // A checkout has it one level up, the package two.
    }
  }
  return "unknown";
}
