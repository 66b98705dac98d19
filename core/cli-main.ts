import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { start } from "./cli-start.ts";
import { isVrError } from "./errors.ts";

const USAGE = `vr: the OpenAI Responses API in front of any model server

  vr start [options]     start the gateway
  vr --help              this text
  vr --version

Options, each over its environment variable, which is over the configuration file:
  --port N         VR_PORT         port to listen on; 0 takes a free one (5969)
  --host NAME      VR_HOST         address to listen on (127.0.0.1)
  --upstream URL   VR_UPSTREAM     model server that speaks chat completions, such as
                                   http://127.0.0.1:8000/v1; replaces the configured ones
                                   (with none configured, one that is running, else a demo)
  --config FILE                    configuration (the nearest vr.config.ts, else the shipped one)

Environment only:
  VR_UPSTREAM_KIND      what VR_UPSTREAM is: vllm, ollama, lm-studio, llama-cpp, openai,
                        openai-compatible or demo; alone, at its usual address
  VR_UPSTREAM_API_KEY   sent to VR_UPSTREAM as a bearer token
  VR_DB_PATH            file of the SQLite store; ":memory:" keeps nothing
  VR_REDIS_URL          Redis that takes the place of the configured store, such as
                        redis://127.0.0.1:6379
  VR_LOG_LEVEL          debug, info, warn, error or silent (info)
`;

/** Runs the command; sets the exit code: 1 when it fails, 2 when it is not understood. */
export async function main(args: string[]): Promise<void> {
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
  else if (command !== "start" || rest.length > 0) misused(`there is no command "${positionals.join(" ")}"`);
  else await run(() => start(values, process.env, version()));
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
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "v" },
    },
  });
}

async function run(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    process.stderr.write(`vr: ${isVrError(error) ? error.message : explainFailure(error)}\n`);
    process.exitCode = 1;
    // Plugins that were set up may keep the process alive.
    setTimeout(() => process.exit(1), 100).unref();
  }
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
