import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { freePort } from "./free-port.ts";
import { skipUnless } from "./skip.ts";
import { tempFolder } from "./temp-folder.ts";

const SHIPPED = fileURLToPath(
  new URL("../../examples/code-interpreter/jupyter_server_config.py", import.meta.url),
);
/** A user without any rights, whom no other test uses. */
const NOBODY = 61_234;

const running = new Set<ChildProcess>();
afterAll(() => Promise.all([...running].map(kill)));
process.once("exit", () => {
  for (const child of running) signalAll(child);
});

const has = (program: string) => spawnSync(program, ["--version"]).status === 0;

/** For suites that need a real Jupyter server. @throws Error in CI when there is none */
export const needsJupyter = (title: string) =>
  skipUnless(
    has("jupyter-server"),
    "needs jupyter-server on the PATH (Debian: apt-get install jupyter-server python3-ipykernel python3-matplotlib)",
    title,
  );

export const needsKernelGateway = (title: string) =>
  skipUnless(
    has("jupyter-kernelgateway"),
    "needs jupyter-kernelgateway on the PATH (pip install jupyter_kernel_gateway ipykernel matplotlib)",
    title,
  );

export interface JupyterOptions {
  program?: "jupyter-server" | "jupyter-kernelgateway";
  /** Without the config that vr ships. */
  plain?: boolean;
  /** As a user without rights when root runs the tests: root has no RLIMIT_NPROC. */
  unprivileged?: boolean;
  /** Further kernelspecs: the command of each. */
  kernels?: Record<string, string[]>;
}

export interface JupyterServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly token: string;
  /** The TMPDIR of its kernels. */
  readonly folder: string;
  /** Processes of its kernels. */
  kernels(): number[];
  /** What runs in the kernels' sessions, kernels included. */
  processes(): number[];
  /** Processes and threads of the user that it runs as: what RLIMIT_NPROC counts. */
  tasksOfUser(): number;
  /** Ends it and its kernels at once. */
  stop(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** A new process on the same port. */
  start(): Promise<void>;
}

/** A Jupyter server of its own on a free port of 127.0.0.1; gone after the test file, with its kernels. */
export async function startJupyter(options: JupyterOptions = {}): Promise<JupyterServer> {
  const { program = "jupyter-server", plain = false, kernels = {} } = options;
  const unprivileged = options.unprivileged === true && process.getuid?.() === 0;
  const port = await freePort();
  const token = "s3cret-of-the-test";
  const specs = Object.entries(kernels).map(([name, argv]) => [
    `data/kernels/${name}/kernel.json`,
    JSON.stringify({ argv, display_name: name, language: "python" }),
  ]);
  const folder = tempFolder({
    "config/none": "",
    "data/none": "",
    "tmp/none": "",
    ...Object.fromEntries(specs),
  });
  const config = join(folder, "jupyter_server_config.py");
  if (!plain) cpSync(SHIPPED, config);
  if (unprivileged) giveAway(folder);
  const app = program === "jupyter-server" ? "ServerApp" : "KernelGatewayApp";
  const args = [
    `--${app}.ip=127.0.0.1`,
    `--${app}.port=${port}`,
    `--${app}.port_retries=0`,
    ...(plain ? [] : [`--config=${config}`]),
    ...(program === "jupyter-server"
      ? ["--no-browser", "--allow-root", `--ServerApp.root_dir=${folder}`]
      : []),
  ];
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    TMPDIR: join(folder, "tmp"),
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_DATA_DIR: join(folder, "data"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
    IPYTHONDIR: join(folder, "ipython"),
    JUPYTER_TOKEN: token,
    KG_AUTH_TOKEN: token,
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const user = unprivileged ? { uid: NOBODY, gid: NOBODY } : {};
  const start = () => run(program, args, { env, cwd: folder, ...user });
  let child = await start();
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    folder: env.TMPDIR,
    kernels: () => childrenOf(child),
    processes: () => inSessions(childrenOf(child)),
    tasksOfUser: () => tasksOf(unprivileged ? NOBODY : process.getuid?.()),
    stop: () => kill(child),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    start: async () => {
      child = await start();
    },
  };
}

/** @throws Error with what it wrote when it ends before it listens */
async function run(
  program: string,
  args: string[],
  how: { env: NodeJS.ProcessEnv; cwd: string; uid?: number; gid?: number },
): Promise<ChildProcess> {
  const child = spawn(program, args, { ...how, stdio: ["ignore", "ignore", "pipe"], detached: true });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let written = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      written = (written + text).slice(-10_000);
      if (/is running at|is available at/.test(written)) resolve();
    });
    child.once("close", (code) => reject(new Error(`${program} ended with ${code}:\n${written}`)));
  });
  return child;
}

interface Stat {
  pid: number;
  parent: number;
  session: number;
  state: string;
}

function stats(): Stat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const text = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state = "", parent, , session] = text.slice(text.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(name), parent: Number(parent), session: Number(session), state }];
      } catch {
        return []; // ended meanwhile
      }
    });
}

const childrenOf = ({ pid }: ChildProcess) =>
  stats()
    .filter(({ parent, state }) => parent === pid && state !== "Z")
    .map(({ pid }) => pid);

const inSessions = (leaders: number[]) =>
  stats()
    .filter(({ session, state }) => leaders.includes(session) && state !== "Z")
    .map(({ pid }) => pid);

function tasksOf(user: number | undefined): number {
  return stats().reduce((sum, { pid, state }) => {
    try {
      if (state === "Z" || statSync(`/proc/${pid}`).uid !== user) return sum;
      return sum + readdirSync(`/proc/${pid}/task`).length;
    } catch {
      return sum; // ended meanwhile
    }
  }, 0);
}

/** Kernels lead sessions of their own, so that the group of the server does not hold them. */
function signalAll(child: ChildProcess): void {
  const kernels = inSessions(childrenOf(child));
  child.kill("SIGKILL");
  for (const pid of kernels) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  signalAll(child);
  await exited;
}

function giveAway(folder: string): void {
  chmodSync(folder, 0o700);
  chownSync(folder, NOBODY, NOBODY);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    chownSync(join(folder, name), NOBODY, NOBODY);
}
