import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { freePort } from "../free-port.ts";

const require = createRequire(import.meta.url);
const programOf = (name: string) =>
  join(dirname(require.resolve(`@modelcontextprotocol/server-${name}/package.json`)), "dist/index.js");

/** One of the protocol's own servers, as a program that speaks on standard input and output. */
export function program(name: string, ...args: string[]) {
  return { command: process.execPath, args: [programOf(name), ...args] };
}

/** server-everything over Streamable HTTP, on a free port of 127.0.0.1. */
export async function startEverything(): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  const child = spawn(process.execPath, [programOf("everything"), "streamableHttp"], {
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error(`the server ended: ${said}`)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/listening on port/i.test(said)) resolve();
    });
  });
  return { url: `http://127.0.0.1:${port}/mcp`, child };
}
