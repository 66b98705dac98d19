import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { createClient } from "@keyv/redis";
import { freePort } from "./free-port.ts";
import { endProcess, startServer } from "./processes.ts";
import { skipUnless } from "./skip.ts";
import { tempFolder } from "./temp-folder.ts";

const READY = /ready to accept connections/i;

/** For suites that need a real Redis. @throws Error in CI when there is none */
export const needsRedis = (title: string) =>
  skipUnless(
    spawnSync("redis-server", ["--version"]).status === 0,
    "needs redis-server on the PATH (Debian: apt-get install redis-server)",
    title,
  );

export interface RedisServer extends AsyncDisposable {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** `unix:///…`: the same server. */
  readonly socketUrl: string;
  /** One command, by a client of its own. */
  command(...args: string[]): Promise<unknown>;
  /** Ends the process; what it held is gone. */
  stop(): Promise<void>;
  /** Stops the process from running, not from being connected to. */
  freeze(): void;
  thaw(): void;
  /** A new process on the same port, empty. */
  restart(): Promise<void>;
}

/**
 * A redis-server of its own on a free port of 127.0.0.1, in memory only unless `settings` say otherwise; gone after
 * the test file. A password comes first: `startRedis("--requirepass", "…")`.
 */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = tempFolder();
  const socket = join(folder, "redis.sock");
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--unixsocket", socket, "--dir", folder];
  const password = settings[0] === "--requirepass" ? settings[1] : undefined;
  const start = () =>
    startServer(["redis-server", ...args, "--save", "", "--appendonly", "no", ...settings], "stdout", READY);
  let child = await start();
  const stop = async () => {
    child.kill("SIGCONT");
    await endProcess(child, "SIGKILL");
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    socketUrl: `unix://${socket}`,
    async command(...command) {
      const login = password === undefined ? {} : { password };
      const client = createClient({ ...login, socket: { host: "127.0.0.1", port } });
      client.on("error", () => {});
      await client.connect();
      try {
        return await client.sendCommand(command);
      } finally {
        client.destroy();
      }
    },
    stop,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    async restart() {
      await stop();
      child = await start();
    },
    [Symbol.asyncDispose]: stop,
  };
}
