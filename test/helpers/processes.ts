/** Servers as processes of their own, which end with the test file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll } from "vitest";

const running = new Set<ChildProcess>();
afterAll(() => Promise.all([...running].map((child) => endProcess(child, "SIGKILL"))));
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a server, and waits until it writes `ready` to this stream.
 * @throws Error with what it wrote when it ends before
 */
export async function startServer(
  [program, ...args]: readonly [string, ...string[]],
  stream: "stdout" | "stderr",
  ready: RegExp,
): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const other = stream === "stdout" ? child.stderr : child.stdout;
  other.resume();
  let written = "";
  await new Promise<void>((resolve, reject) => {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      written += text;
      if (ready.test(written)) resolve();
    });
    child.once("close", (code) => reject(new Error(`${program} ended with ${code}:\n${written}`)));
  });
  return child;
}

/** Resolves when it has ended. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}
