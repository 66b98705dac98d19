import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { within } from "../../core/index.ts";

export interface Program {
  command: string;
  args: readonly string[];
  /** Added to what every server is given. */
  env: Readonly<Record<string, string>>;
  cwd?: string | undefined;
}

/** Of the gateway's own environment, which holds keys that are no server's business. */
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

/** Milliseconds for a server to end once its input has, and again once it was told to. */
const GRACE_MS = 1_000;
const hasGroups = process.platform !== "win32";

/** A running server with all that it has started (`npx` starts a shell that starts the server). */
export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  /** Ends it: its input first, as the protocol says, then SIGTERM, then SIGKILL to the whole group. */
  end(): Promise<void>;
}

/** Resolves once it runs. @throws Error as `spawn` says it: ENOENT, EACCES */
export async function startChild({ command, args, env, cwd }: Program): Promise<Child> {
  const child = spawn(command, args, {
    env: { ...inherited(), ...env },
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: what the server has started ends with it.
    detached: hasGroups,
    windowsHide: true,
  });
  await once(child, "spawn");
  child.on("error", () => {}); // of a signal that could not be sent: its end is waited for all the same
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
      // Nobody is left in it.
    }
}

/**
 * A shell that waits for its input to end, which happens when the gateway is gone in whatever way, and then ends the
 * group. A gateway that was killed cannot do it any more.
 */
function guardGroup(group: number): ChildProcess {
  const guard = spawn("/bin/sh", ["-c", `read _; kill -s KILL -- "-$1"`, "sh", String(group)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: {},
  });
  guard.on("error", () => {}); // without a shell the server's own end of input has to do
  guard.unref();
  return guard;
}
