import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../helpers/free-port.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";

const cache = fileURLToPath(new URL("../../../node_modules/.cache/vr-real-vllm", import.meta.url));

export interface RealVllm {
  /** With `/v1`. */
  readonly url: string;
  /** Model calls that it works on. */
  running(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * A vLLM server with real weights on a free port of 127.0.0.1, as the model "smollm2" with a context of 2,048 tokens.
 * It thinks when it is asked to (`reasoning.effort`), and calls functions.
 *
 * @throws Error when install.sh has not been run, or with what the server wrote when it ends early
 */
export async function startRealVllm(): Promise<RealVllm> {
  const dir = process.env.VR_REAL_VLLM_DIR ?? cache;
  if (!existsSync(join(dir, "weights")))
    throw new Error(`no model at ${dir}: run test/e2e/real-vllm/install.sh`);
  const port = await freePort();
  const server = spawn(join(dir, "venv/bin/vllm"), ["serve", join(dir, "weights"), ...flags(port)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment(dir) },
    // Its engine is a process of its own, which ends with the group.
    detached: true,
  });
  const kill = () => signal(server, "SIGKILL");
  process.once("exit", kill);
  server.once("exit", () => process.off("exit", kill));
  await started(server);
  const origin = `http://127.0.0.1:${port}`;
  return {
    url: `${origin}/v1`,
    running: async () => countOf(await (await fetch(`${origin}/metrics`)).text()),
    stop: () => stop(server),
  };
}

function flags(port: number): string[] {
  const one = (name: string, ...values: string[]) => [`--${name}`, ...values];
  return [
    ...one("served-model-name", "smollm2"),
    ...one("host", "127.0.0.1"),
    ...one("port", String(port)),
    ...one("chat-template", template()),
    ...one("default-chat-template-kwargs", JSON.stringify({ enable_thinking: false })),
    ...one("reasoning-parser", "qwen3"),
    ...one("enable-auto-tool-choice"),
    ...one("tool-call-parser", "hermes"),
    ...one("enable-prompt-tokens-details"),
    ...one("dtype", "bfloat16"),
    ...one("max-model-len", "2048"),
    ...one("max-num-seqs", "32"),
    ...one("enforce-eager"),
  ];
}

/** Nothing is fetched, nothing is told to anybody, and two cores are enough. */
function environment(dir: string): Record<string, string> {
  return {
    HF_HUB_OFFLINE: "1",
    TRANSFORMERS_OFFLINE: "1",
    VLLM_NO_USAGE_STATS: "1",
    DO_NOT_TRACK: "1",
    VLLM_CPU_KVCACHE_SPACE: "1",
    VLLM_CPU_OMP_THREADS_BIND: "nobind",
    OMP_NUM_THREADS: "2",
    HOME: join(dir, "home"),
    VLLM_CACHE_ROOT: join(dir, "home/vllm"),
  };
}

/** Thinks only where it is asked to, unlike those of the other real model. */
function template(): string {
  const of = (name: string) =>
    readFileSync(new URL(`../real-model/chatml-${name}.jinja`, import.meta.url), "utf8").trimEnd();
  const both = `{%- if enable_thinking %}${of("thinks-tools")}{%- else %}${of("tools")}{%- endif %}`;
  return join(tempFolder({ "chatml.jinja": both }), "chatml.jinja");
}

/** Resolves when the server says that it takes requests. It says so, and all else, on either output. */
function started(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let written = "";
    for (const output of [server.stdout, server.stderr])
      output?.setEncoding("utf8").on("data", (text: string) => {
        written = (written + text).slice(-20_000);
        if (written.includes("Application startup complete.")) resolve();
      });
    server.once("error", reject);
    server.once("close", () => reject(new Error(`vLLM ended:\n${written}`)));
  });
}

function countOf(metrics: string): number {
  const [, count] = /^vllm:num_requests_running\{[^}]*\} (\S+)$/m.exec(metrics) ?? [];
  if (count === undefined) throw new Error("vLLM does not say how many requests it works on");
  return Number(count);
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  signal(server, "SIGTERM");
  await exited;
}

function signal({ pid, exitCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null) process.kill(-pid, name);
}
