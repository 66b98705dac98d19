import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const cache = fileURLToPath(new URL("../../../node_modules/.cache/vr-real-model", import.meta.url));

export interface RealModel {
  /** With `/v1`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A llama.cpp server with real weights on a free port of 127.0.0.1. `tools` knows functions, `thinks` answers
 * after a thought, `thinks-tools` does both. With `tags` thoughts stay in the text, between `<think>` tags.
 *
 * @throws Error when fetch.sh has not been run, or with what the server wrote when it ends early
 */
export async function startRealModel(
  template: "tools" | "thinks" | "thinks-tools" = "tools",
  options: { tags?: boolean } = {},
): Promise<RealModel> {
  const dir = process.env.VR_REAL_MODEL_DIR ?? cache;
  const model = `${dir}/model.gguf`;
  if (!existsSync(model)) throw new Error(`no model at ${model}: run test/e2e/real-model/fetch.sh`);
  const args = [`${here}serve.py`, model, "0", `${here}chatml-${template}.jinja`];
  if (options.tags) args.push("tags");
  const server = spawn(`${dir}/venv/bin/python`, args, { stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => server.kill("SIGKILL");
  process.once("exit", kill);
  server.once("exit", () => process.off("exit", kill));
  const origin = await listening(server);
  const health = await fetch(`${origin}/health`);
  if (!health.ok) throw new Error(`the model server answers /health with ${health.status}`);
  return { url: `${origin}/v1`, stop: () => stop(server) };
}

/** Resolves when the server says where it listens, which it does once the model is loaded. */
function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    let logged = "";
    // Of its own: what the server logs meanwhile on standard error would come in the middle of the line.
    server.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, origin] = /^listening (http:\/\/127\.0\.0\.1:\d+)\n/m.exec(said) ?? [];
      if (origin) resolve(origin);
    });
    server.stderr?.setEncoding("utf8").on("data", (text: string) => {
      logged += text;
    });
    server.once("error", reject);
    server.once("close", () => reject(new Error(`the model server ended:\n${said}${logged}`)));
  });
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill("SIGTERM");
  await exited;
}
