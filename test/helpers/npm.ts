import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname } from "node:path";
import { afterAll } from "vitest";

/** Milliseconds for one call of npm, installing included. */
const LIMIT_MS = 120_000;

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) signal(child, "SIGKILL");
});

export interface NpmOptions {
  cwd: string;
  /** npm's cache, so that nothing is left behind in the user's. */
  cache: string;
  /** Path of the `node` that npm, and what it runs, runs on. */
  node: string;
  env?: Record<string, string>;
}

export interface Npm {
  /** Resolves with the match once it is on standard output. @throws Error with all that was written */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  readonly finished: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Ends npm and what it runs with SIGTERM, as a terminal or a service manager does. */
  stop(): Npm["finished"];
  /** Sends SIGTERM to npm's own process alone, as `kill` does. */
  killAlone(): void;
}

/** Runs `npm` or `npx` as a user does: without the project's own packages on the PATH. */
export function npm(program: "npm" | "npx", args: readonly string[], options: NpmOptions): Npm {
  const { cwd, cache, node } = options;
  const child = spawn(program, args, {
    cwd,
    env: { ...outerEnv(), ...settings(cache), PATH: pathWith(node), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a group of its own, which ends as one
  });
  running.add(child);
  const limit = setTimeout(() => signal(child, "SIGKILL"), LIMIT_MS);
  const written = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    written.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    written.stderr += text;
  });
  const finished = once(child, "close").then(([code]) => {
    clearTimeout(limit);
    running.delete(child);
    return { code: code as number | null, ...written };
  });
  return {
    finished,
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(written.stdout);
        if (match) return match;
        const more = await Promise.race([once(child.stdout, "data"), finished.then(() => undefined)]);
        if (!more) throw new Error(`${program} ${args.join(" ")} ended:\n${written.stdout}${written.stderr}`);
      }
    },
    stop() {
      signal(child, "SIGTERM");
      return finished;
    },
    killAlone: () => void child.kill("SIGTERM"),
  };
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // The group has ended already.
  }
}

/** Without what an npm that runs these tests says of this project, and without vr's settings. */
function outerEnv(): NodeJS.ProcessEnv {
  const ours =
    /^(?:npm_(?!config_)|npm_config_(?:local_prefix|global_prefix|prefix)$|VR_|OPENAI_|INIT_CWD$|NODE_ENV$|VITEST)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

function settings(cache: string): Record<string, string> {
  return {
    npm_config_cache: cache,
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  };
}

function pathWith(node: string): string {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !/node_modules/.test(folder));
  return [dirname(node), ...folders].join(delimiter);
}
