import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import type { Probed, ProbeTargets } from "./child/probe.ts";
import { nodeCommand, type PythonPaths } from "./command.ts";

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/**
 * Runs the probe: what a child could do if Python were left behind.
 *
 * @param prefix what the child is put into
 * @throws Error when it does not run
 */
export async function probeHost(
  prefix: readonly string[],
  places: PythonPaths,
  file: string,
  signal: AbortSignal,
): Promise<Probed> {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const targets: ProbeTargets = { file, port, pid: process.pid };
    const script = join(places.childFolder, `probe${extname(places.main)}`);
    const [program = "", ...args] = [...prefix, ...nodeCommand(places), script, JSON.stringify(targets)];
    const options = { env: {}, cwd: "/", timeout: TIMEOUT_MS, maxBuffer: MAX_BYTES, signal };
    return JSON.parse((await promisify(execFile)(program, args, options)).stdout);
  } finally {
    server.close();
  }
}
