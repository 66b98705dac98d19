import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const running = new Set<ChildProcess>();

// What a test forgot or could not stop ends with its file, and at the latest with this process.
afterAll(() => Promise.all([...running].map((child) => end(child, "SIGKILL"))));
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface GatewayOptions {
  /** Path of a config file, for `--config`. */
  config?: string;
  /**
   * Added to this process's environment. The default of `VR_DB_PATH` is `:memory:`, and the shipped
   * configuration asks the demo, whatever runs on this machine.
   */
  env?: Record<string, string>;
  /** Further arguments of `vr start`. */
  args?: string[];
  /** A file descriptor that the process has as its standard error; `stderr()` is empty then. */
  stderrFd?: number;
}

export interface Gateway extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without `/v1`. */
  readonly url: string;
  readonly pid: number;
  /** All that the process has written so far. */
  stdout(): string;
  stderr(): string;
  /** Reads its standard output no more: what the process writes there fails. */
  leaveStdout(): void;
  /** Whether nothing is read of it for a while. */
  pauseStdout(on: boolean): void;
  /** Resolves with the exit code, or the name of the signal that ended it. Default signal: SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

/**
 * A gateway in a process of its own, as users start it, on a free port of 127.0.0.1.
 *
 * @throws Error with all that it wrote, when it ends before it listens
 */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const args = ["core/cli.ts", "start", "--port", "0", "--host", "127.0.0.1"];
  if (options.config !== undefined) args.push("--config", options.config);
  const shipped = options.config === undefined && options.env?.VR_UPSTREAM === undefined;
  const env = {
    VR_DB_PATH: ":memory:",
    VR_UPSTREAM_KIND: shipped ? "demo" : "",
    OPENAI_API_KEY: "",
    OPENAI_BASE_URL: "",
  };
  const child = spawn(process.execPath, [...args, ...(options.args ?? [])], {
    cwd: root,
    env: { ...process.env, ...env, ...options.env },
    stdio: ["ignore", "pipe", options.stderrFd ?? "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));

  const written = { stdout: "", stderr: "" };
  const stdout = child.stdout as Readable;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    written.stderr += text;
  });
  const url = await new Promise<string>((resolve, reject) => {
    stdout.setEncoding("utf8").on("data", (text: string) => {
      written.stdout += text;
      // The last line of the banner tells that all of it is there.
      const [, url] = /listening on (http:\S+)\n[\s\S]*\n {2}config .*\n/.exec(written.stdout) ?? [];
      if (url) resolve(url);
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const wrote = `${written.stdout}${written.stderr}`.trim();
      reject(new Error(`the gateway ended (${signal ?? code}) before it listened:\n${wrote}`));
    });
  });
  const stop = (signal: NodeJS.Signals = "SIGTERM") => end(child, signal);
  return {
    url,
    pid: child.pid ?? -1,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    leaveStdout: () => void stdout.destroy(),
    pauseStdout: (on) => void (on ? stdout.pause() : stdout.resume()),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | string> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
  return child.exitCode ?? child.signalCode ?? "unknown";
}
