/**
 * Memory under load: RSS after garbage collection at second 20 and at second 60 of streaming at c=32.
 * Usage: BENCH=<folder of the bench harness> node test/bench/rss.ts
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const UPSTREAM = 9400;
const PORT = 5979;
const DB = "/tmp/vr-bench-rss.db";
const bench = process.env.BENCH;
if (!bench) throw new Error("BENCH must name the folder of the bench harness");

const start = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "ignore"] });

const upstream = start([`${bench}/upstream.mjs`, "--port", String(UPSTREAM)]);
const gateway = start(["--expose-gc", "core/cli.ts", "start", "--config", "test/bench/gc.config.ts"], {
  VR_UPSTREAM: `http://127.0.0.1:${UPSTREAM}/v1`,
  VR_PORT: String(PORT),
  VR_DB_PATH: DB,
});
const url = `http://127.0.0.1:${PORT}`;
try {
  while (!(await fetch(`${url}/health`).catch(() => undefined))?.ok) await sleep(100);
  const load = start([`${bench}/load.mjs`, url, "--scenario", "stream", "--c", "32", "--seconds", "62"]);
  const rss = async () => {
    const answer = await fetch(`${url}/gc`, { method: "POST" });
    return ((await answer.json()) as { rss: number }).rss / 1e6;
  };
  await sleep(20_000);
  const early = await rss();
  await sleep(40_000);
  const late = await rss();
  const more = late - early;
  console.log(
    `RSS after GC: ${early.toFixed(1)} MB at 20 s, ${late.toFixed(1)} MB at 60 s: ${more.toFixed(1)} MB, ${((more / early) * 100).toFixed(1)} % more`,
  );
  await once(load, "exit");
} finally {
  gateway.kill("SIGTERM");
  upstream.kill("SIGTERM");
  await once(gateway, "exit");
  for (const end of ["", "-wal", "-shm"]) rmSync(`${DB}${end}`, { force: true });
}
