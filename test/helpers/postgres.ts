import { type ChildProcess, spawnSync } from "node:child_process";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { endProcess, startServer } from "./processes.ts";
import { skipUnless } from "./skip.ts";
import { tempFolder } from "./temp-folder.ts";

/** Debian keeps the server's programs off the PATH, one folder a version. */
function programs(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort() : [];
  return versions
    .map((version) => join(root, version, "bin"))
    .findLast((bin) => existsSync(join(bin, "postgres")));
}

/** For suites that need a real PostgreSQL. @throws Error in CI when there is none */
export const needsPostgres = (title: string) =>
  skipUnless(
    programs() !== undefined,
    "needs PostgreSQL's server (Debian: apt-get install postgresql)",
    title,
  );

export interface PostgresServer {
  /** Where it is, or will be. */
  readonly url: string;
  start(): Promise<void>;
  /** Ends it as a restart does: open connections are told and closed. */
  stop(): Promise<void>;
}

/** A PostgreSQL of its own with an empty database, not yet started; gone after the test file. */
export async function createPostgres(): Promise<PostgresServer> {
  const bin = programs() as string;
  const folder = tempFolder();
  const user = process.getuid?.() === 0 ? "postgres" : undefined;
  if (user) chownSync(folder, idOf("-u", user), idOf("-g", user)); // it does not run as root
  const as = (program: string, ...args: string[]): [string, string[]] =>
    user
      ? ["setpriv", ["--reuid", user, "--regid", user, "--clear-groups", join(bin, program), ...args]]
      : [join(bin, program), args];
  const data = join(folder, "data");
  const made = spawnSync(...as("initdb", "-D", data, "-U", "vr", "--auth=trust", "--no-sync"), {
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`initdb ended with ${made.status}:\n${made.stderr}`);
  const port = await freePort();
  let child: ChildProcess | undefined;
  return {
    url: `postgresql://vr@127.0.0.1:${port}/postgres`,
    async start() {
      const settings = [`listen_addresses=127.0.0.1`, `unix_socket_directories=${folder}`, "fsync=off"];
      const args = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
      const [command, rest] = as("postgres", ...args);
      child = await startServer([command, ...rest], "stderr", /ready to accept connections/);
    },
    async stop() {
      if (child) await endProcess(child, "SIGINT"); // "fast": does not wait for its clients
    },
  };
}

function idOf(which: string, user: string): number {
  return Number(spawnSync("id", [which, user], { encoding: "utf8" }).stdout);
}
