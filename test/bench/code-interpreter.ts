/**
 * `code_interpreter` on one runtime: cold and warm time to the first result, what the gateway adds to the runtime's own
 * time, executions per second at 8 containers, memory per container. The runtime alone, in this process, and the
 * gateway, in its own, take turns.
 * Usage: node test/bench/code-interpreter.ts pyodide
 *        VR_JUPYTER_URL=… VR_JUPYTER_TOKEN=… node test/bench/code-interpreter.ts jupyter <pid of the Jupyter server>
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jupyter } from "../../plugins/code-interpreter/jupyter/index.ts";
import { pyodide } from "../../plugins/code-interpreter/pyodide/index.ts";
import type { CodeRuntime, OutputSink, Session } from "../../plugins/code-interpreter/runtime.ts";

const [name = "pyodide", serverPid = "0"] = process.argv.slice(2);
const ROUNDS = 200;
const CONTAINERS = 8;
const EXECUTIONS = 400;
const BAR_MS = 5;
const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vr-bench-"));
const config = join(folder, "vr.config.ts");
writeFileSync(
  config,
  `import { defineConfig } from "vr-gateway";
import { demo } from "vr-gateway/plugins/demo";
import { codeInterpreter } from "vr-gateway/plugins/code-interpreter";
export default defineConfig({ plugins: [demo({ delayMs: 0 }), codeInterpreter()], logLevel: "warn" });`,
);

const silent: OutputSink = { text() {}, cut() {}, image() {} };
const never = new AbortController().signal;
const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };

function createRuntime(): CodeRuntime {
  const environment = {
    log,
    jupyterUrl: process.env.VR_JUPYTER_URL,
    jupyterToken: process.env.VR_JUPYTER_TOKEN,
  };
  return (name === "jupyter" ? jupyter() : pyodide()).create(environment);
}

async function startGateway(): Promise<{ child: ChildProcess; url: string }> {
  const args = ["core/cli.ts", "start", "--port", "0", "--config", config];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const [text] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const url = /listening on (\S+)/.exec(text.toString())?.[1];
  if (!url) throw new Error(`the gateway did not start: ${text}`);
  child.stdout?.resume();
  return { child, url };
}

interface Answer {
  id: string;
  output: { type: string; status?: string; container_id?: string }[];
}

async function ask(url: string, container: string | object = { type: "auto" }): Promise<Answer> {
  const answer = await fetch(`${url}/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      input: "Run `6 * 7`",
      store: false,
      tools: [{ type: "code_interpreter", container }],
    }),
  });
  const response = (await answer.json()) as Answer;
  const call = response.output?.find(({ type }) => type === "code_interpreter_call");
  if (call?.status !== "completed") throw new Error(JSON.stringify(response));
  return response;
}

const execute = (session: Session) =>
  session.execute("6 * 7", silent, { timeoutMs: 60_000, signal: never, logCharacters: 10_000 });

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] as number;
}

/** MiB of resident memory of a process and of all that it started. */
function memoryOf(pid: number): number {
  const parents = new Map<number, number[]>();
  for (const entry of readdirSync("/proc").filter((one) => /^\d+$/.test(one)))
    try {
      const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, "utf8"))?.[1]);
      parents.set(parent, [...(parents.get(parent) ?? []), Number(entry)]);
    } catch {} // it has ended
  const own = (one: number): number => {
    try {
      // Shared pages are counted by halves, thirds …: what another process would cost.
      return (
        Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, "utf8"))?.[1] ?? 0) / 1024
      );
    } catch {
      return 0;
    }
  };
  const all = (one: number): number =>
    own(one) + (parents.get(one) ?? []).reduce((sum, child) => sum + all(child), 0);
  return all(pid);
}

const containerIn = (answer: Answer) => answer.output[0]?.container_id ?? "";

const runtime = createRuntime();
let gateway: Awaited<ReturnType<typeof startGateway>> | undefined;
try {
  const { child, url } = await startGateway();
  gateway = { child, url };
  const cold = await timed(() => ask(url));
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // the spare is started meanwhile
  const spare = await timed(() => ask(url));
  console.log(
    `${name}: first result of a gateway ${cold.toFixed(0)} ms, of a further container ${spare.toFixed(0)} ms`,
  );

  const opened = await timed(async () => {
    await (await runtime.open(never)).close();
  });
  const session = await runtime.open(never);
  await execute(session);
  const container = containerIn(await ask(url));
  const raw: number[] = [];
  const through: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    raw.push(await timed(() => execute(session)));
    through.push(await timed(() => ask(url, container)));
  }
  const [rawMs, throughMs] = [quantile(raw, 0.5), quantile(through, 0.5)];
  console.log(
    `${name}: an execution alone ${rawMs.toFixed(2)} ms p50, a whole response ${throughMs.toFixed(2)} ms p50 (p99 ${quantile(through, 0.99).toFixed(1)}); opening a session ${opened.toFixed(0)} ms`,
  );
  const overhead = throughMs - rawMs;
  console.log(
    `${name}: the gateway adds ${overhead.toFixed(2)} ms; the bar of ${BAR_MS} ms ${overhead <= BAR_MS ? "holds" : "does not hold"}`,
  );

  const watched = name === "jupyter" ? Number(serverPid) : (child.pid ?? 0);
  const before = memoryOf(watched);
  const containers: string[] = [];
  for (let i = 0; i < CONTAINERS; i++) containers.push(containerIn(await ask(url)));
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  console.log(`${name}: ${((memoryOf(watched) - before) / CONTAINERS).toFixed(0)} MiB per container`);

  const ms = await timed(() =>
    Promise.all(
      containers.map(async (one) => {
        for (let i = 0; i < EXECUTIONS / CONTAINERS; i++) await ask(url, one);
      }),
    ),
  );
  console.log(
    `${name}: ${((EXECUTIONS / ms) * 1000).toFixed(0)} responses with an execution per second at ${CONTAINERS} containers`,
  );
  await session.close();
} finally {
  await runtime.close();
  if (gateway) {
    const ended = once(gateway.child, "exit");
    gateway.child.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
