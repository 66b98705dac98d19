import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";

/**
 * What code could do that broke out of Python into JavaScript, and undid what is taken off the global object: tried by
 * a child that runs no code of strangers, under the same flags and in the same confinement as those that do.
 */
export interface Probed {
  filesystem: Reach;
  writing: Reach;
  processes: Reach;
  workers: Reach;
  codeFromStrings: Reach;
  /** A connection to the gateway's loopback. */
  network: Reach;
  /** Whether the gateway could be sent a signal. */
  signals: Reach;
  environment: number;
  uid: number | undefined;
}
/** `open`: it worked. Otherwise the code of the error. */
export type Reach = "open" | string;

const CONNECT_TIMEOUT_MS = 1_000;

export interface ProbeTargets {
  /** A file that the gateway may read and write. */
  file: string;
  /** A port of 127.0.0.1 that listens. */
  port: number;
  /** The gateway's. */
  pid: number;
}

/** @returns what worked */
async function probe({ file, port, pid }: ProbeTargets): Promise<Probed> {
  return {
    filesystem: tried(() => closeSync(openSync(file, "r"))),
    // Opens without creating: where it is not stopped, nothing is left behind.
    writing: tried(() => closeSync(openSync(file, "r+"))),
    processes: tried(() => {
      const { error } = spawnSync(process.execPath, ["--version"]);
      if (error) throw error;
    }),
    workers: tried(() => new Worker("", { eval: true })),
    codeFromStrings: tried(() => new Function("return 1")()),
    network: await reachOf(port),
    signals: tried(() => process.kill(pid, 0)),
    environment: Object.keys(process.env).length,
    uid: process.getuid?.(),
  };
}

function tried(attempt: () => unknown): Reach {
  try {
    attempt();
    return "open";
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return code ?? name;
  }
}

function reachOf(port: number): Promise<Reach> {
  const { promise, resolve } = Promise.withResolvers<Reach>();
  const socket = connect({ host: "127.0.0.1", port, timeout: CONNECT_TIMEOUT_MS });
  socket.on("connect", () => resolve("open"));
  socket.on("timeout", () => resolve("ETIMEDOUT"));
  socket.on("error", ({ code, name }: NodeJS.ErrnoException) => resolve(code ?? name));
  return promise.finally(() => socket.destroy());
}

const targets = process.argv[2];
if (targets !== undefined) process.stdout.write(JSON.stringify(await probe(JSON.parse(targets))));
