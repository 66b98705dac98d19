import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { within } from "../../core/index.ts";

export interface Program {
  command: string;
  args: readonly string[];
  /** Variables added to those that every server gets. */
  env: Readonly<Record<string, string>>;
  cwd?: string | undefined;
}

/** The variables that servers inherit. The gateway's other variables include keys that servers must not get. */
const INHERITED =
  process.platform === "win32"
    ? [
        "APPDATA",
        "HOMEDRIVE",
        "HOMEPATH",
        "LOCALAPPDATA",
        "PATH",
        "PATHEXT",
        "PROGRAMFILES",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "USERNAME",
        "USERPROFILE",
      ]
    : ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"];

/** Milliseconds for a server to end after its input has ended, and again after SIGTERM. */
const GRACE_MS = 1_000;
const hasGroups = process.platform !== "win32";

/** A running server with all processes that it has started (`npx` starts a shell that starts the server). */
export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  /** Ends the server as the protocol says: first its input, then SIGTERM, then SIGKILL to the whole group. */
  end(): Promise<void>;
}

/** Resolves once the server runs. @throws the error of `spawn`, such as ENOENT or EACCES */
export async function startChild({ command, args, env, cwd }: Program): Promise<Child> {
  const child = spawn(command, args, {
    env: { ...inherited(), ...env },
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
    // A separate process group, so that everything that the server starts ends with it.
    detached: hasGroups,
    windowsHide: true,
  });
  await once(child, "spawn");
  child.on("error", () => {}); // a signal could not be sent; the end is awaited anyway
  const guard = hasGroups ? guardGroup(child.pid as number) : undefined;
  // A server may leave children behind when it ends by itself.
  child.once("exit", () => {
    killGroup(child, "SIGKILL");
    guard?.kill("SIGKILL");
  });
  return { process: child, end: () => end(child) };
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  const exits = () =>
    within({ ms: GRACE_MS, late: () => new Error("it still runs") }, exited).then(
      () => true,
      () => false,
    );
  child.stdin?.end();
  if (await exits()) return;
  killGroup(child, "SIGTERM");
  if (await exits()) return;
  killGroup(child, "SIGKILL");
  await exits();
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!hasGroups) child.kill(signal);
  else
    try {
      process.kill(-(child.pid as number), signal);
    } catch {
      // The group has no processes left.
    }
}

/**
 * Starts a shell that ends the group once its own input ends. This happens however the gateway ends: a gateway that is
 * killed cannot end the group itself.
 */
function guardGroup(group: number): ChildProcess {
  const guard = spawn("/bin/sh", ["-c", `read _; kill -s KILL -- "-$1"`, "sh", String(group)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: {},
  });
  guard.on("error", () => {}); // without a shell, the end of the server's own input must do
  guard.unref();
  return guard;
}
