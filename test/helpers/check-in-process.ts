/** `vr check` in this process: a process of its own costs most of a second. */
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import type { CommandOptions, Finished } from "./command.ts";

// Loaded by Node itself, as configurations load the core and plugins: there must be one core, not two.
const { check }: typeof import("../../core/cli-check.ts") = createRequire(import.meta.url)(
  "../../core/cli-check.ts",
);

type Options = Pick<CommandOptions, "cwd" | "env">;

let last: Promise<unknown> = Promise.resolve();

/**
 * What the process would write, without its log, and its exit code. Runs one after the other, since they share what a
 * process has.
 */
export function checkInProcess(args: readonly string[], options: Options = {}): Promise<Finished> {
  const finished = last.then(() => run(args, options));
  last = finished.catch(() => {});
  return finished;
}

async function run(args: readonly string[], { cwd = tmpdir(), env }: Options): Promise<Finished> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: "string" },
      upstream: { type: "string" },
      json: { type: "boolean", default: false },
      timeout: { type: "string" },
    },
  });
  const { json, timeout, ...flags } = values;
  const limitMs = timeout === undefined ? undefined : Number(timeout);
  using process = ownProcess(cwd, { VR_DB_PATH: ":memory:", ...env });
  const allIsWell = await check({ flags, env: process.env, version: manifest.version, json, limitMs });
  return { code: allIsWell ? 0 : 1, ...process.written };
}

const STRAYS = ["unhandledRejection", "uncaughtException"] as const;

/** Makes this process look like one that was started in this folder, until it is disposed. */
function ownProcess(cwd: string, variables: Record<string, string>) {
  const { env } = process;
  const folder = process.cwd();
  const writes = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  // Vitest's own, which would fail the run.
  const listeners = STRAYS.map((name) => ({ name, heard: process.listeners(name as "uncaughtException") }));
  const written = { stdout: "", stderr: "" };

  const inherited = Object.entries(env).filter(([name]) => !/^(VR|OPENAI)_/.test(name));
  process.env = { ...Object.fromEntries(inherited), ...variables };
  process.chdir(cwd);
  for (const name of STRAYS) process.removeAllListeners(name);
  process.stdout.write = collecting("stdout");
  process.stderr.write = collecting("stderr");

  function collecting(name: keyof typeof written) {
    return ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      written[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      const done = rest.at(-1);
      if (typeof done === "function") process.nextTick(done);
      return true;
    }) as typeof process.stdout.write;
  }

  return {
    env: process.env,
    written,
    [Symbol.dispose]() {
      for (const { stream, write } of writes) stream.write = write;
      for (const { name, heard } of listeners)
        for (const listener of heard) process.on(name, listener as (error: unknown) => void);
      process.chdir(folder);
      process.env = env;
    },
  };
}
