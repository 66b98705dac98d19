import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const CLI = fileURLToPath(new URL("../../core/cli.ts", import.meta.url));
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

export interface CommandOptions {
  cwd?: string;
  /** Added to an environment without any of the variables that vr reads. */
  env?: Record<string, string>;
  /** The program that runs, with its own arguments, and the script that it is given. */
  node?: [program: string, ...args: string[]];
  script?: string;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  /** Resolves with the URL of the start banner. @throws Error with all that was written, without one */
  listening(): Promise<string>;
  /** The start banner, as far as it has been written. */
  stdout(): string;
  /** Resolves at the end of the process. */
  readonly finished: Promise<Finished>;
  /** Ends it with SIGTERM. */
  stop(): Promise<Finished>;
}

/** Runs `vr` with these arguments, as a user does, from a folder that has no configuration. */
export function vr(args: readonly string[], options: CommandOptions = {}): Command {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VR|OPENAI)_/.test(name));
  const [program, ...own] = options.node ?? [process.execPath];
  const child = spawn(program, [...own, options.script ?? CLI, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...Object.fromEntries(inherited), VR_DB_PATH: ":memory:", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const written = { stdout: "", stderr: "" };
  const banner = Promise.withResolvers<string | undefined>();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    written.stderr += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    written.stdout += text;
    const url = /listening on (http:\S+)\n[\s\S]*\n {2}config .*\n/.exec(written.stdout)?.[1];
    if (url) banner.resolve(url);
  });
  const finished = once(child, "close").then(([code]): Finished => {
    running.delete(child);
    banner.resolve(undefined);
    return { code, ...written };
  });
  return {
    listening: async () => {
      const url = await banner.promise;
      if (url) return url;
      throw new Error(`vr ended before it listened:\n${written.stdout}${written.stderr}`);
    },
    stdout: () => written.stdout,
    finished,
    stop: () => {
      child.kill("SIGTERM");
      return finished;
    },
  };
}
