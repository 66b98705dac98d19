import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isVrError } from "./errors.ts";
import { cutSecrets } from "./secrets.ts";
import { neverWaiting } from "./standard-streams.ts";

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
  else if (values.help || command === undefined || command === "help") await COMMANDS.help(values);
  else if (!isCommand(command) || rest.length > 0) misused(`there is no command "${positionals.join(" ")}"`);
  else if (isUnderstood(command, values)) await run(() => COMMANDS[command](values));
}

/** Loaded when they are called: none needs another. */
const COMMANDS = {
  help: async ({ config }: Values) => {
    const { help } = await import("./cli-help.ts");
    await help((text) => process.stdout.write(text), config);
  },
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
