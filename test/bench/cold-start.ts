/**
 * Cold start: milliseconds from spawning to the start banner of the built package, in a folder without a
 * configuration, against a Node that does nothing and one that only listens. They take turns. `--upstream`,
 * where nobody is, adds the HTTP client, which the shipped configuration loads only for a server that it found;
 * `without code` is the shipped configuration without the code interpreter.
 * Usage: npm run build && node test/bench/cold-start.ts [runs, 15 unless said]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RUNS = Number(process.argv[2] ?? 15);
const BAR_MS = 500;
const folder = mkdtempSync(join(tmpdir(), "vr-cold-start-"));
const cli = fileURLToPath(new URL("../../dist/core/cli.js", import.meta.url));
const shipped = readFileSync(new URL("../../vr.config.ts", import.meta.url), "utf8");
const without = join(folder, "without", "vr.config.mjs");
mkdirSync(join(folder, "without"));
writeFileSync(without, shipped.replace("codeInterpreter: {}", "codeInterpreter: false"));
const listen = 'require("node:http").createServer().listen(0, "127.0.0.1", () => console.log("listening"))';

const started = (args: string[]): ChildProcess =>
  spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, VR_DB_PATH: join(folder, "vr.db"), VR_LOG_LEVEL: "silent" },
    stdio: ["ignore", "pipe", "inherit"],
  });

/** Each ends when it is ready: by itself, or at the first thing that it writes. */
const commands: Record<string, string[]> = {
  "vr start": [cli, "start", "--port", "0"],
  "without code": [cli, "start", "--port", "0", "--config", without],
  "vr --upstream": [cli, "start", "--port", "0", "--upstream", "http://127.0.0.1:9/v1"],
  "node, listening": ["-e", listen],
  "node -e 0": ["-e", "0"],
};

async function timed(args: string[]): Promise<number> {
  const start = performance.now();
  const child = started(args);
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), ended]);
  const ms = performance.now() - start;
  child.kill("SIGTERM");
  await ended;
  return ms;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] as number;
}

try {
  const times: Record<string, number[]> = {};
  for (const [name, args] of Object.entries(commands)) {
    await timed(args); // the files come into the page cache, the database into being
    times[name] = [];
  }
  for (let run = 0; run < RUNS; run++)
    for (const [name, args] of Object.entries(commands)) times[name]?.push(await timed(args));
  const medianOf = (name: string) => quantile(times[name] ?? [], 0.5);
  for (const [name, all] of Object.entries(times)) {
    const [fastest, median, slowest] = [0, 0.5, 1].map((share) => quantile(all, share).toFixed(0));
    const ratio = (medianOf("vr start") / medianOf(name)).toFixed(2);
    console.log(`${name.padEnd(16)} ${median} ms (${fastest} to ${slowest}), vr start is ${ratio}× of it`);
  }
  const verdict = medianOf("vr start") <= BAR_MS ? "holds" : "does not hold";
  console.log(`the bar of ${BAR_MS} ms ${verdict}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
