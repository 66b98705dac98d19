import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { deepStack, type Stack, usualStack } from "./stack.ts";

/** How a child is confined beyond Node's own permission model, as far as the host supports it. */
export interface Confinement {
  /** Put before the command; empty if the host supports no confinement. */
  readonly prefix: readonly string[];
  /** Whether the child has its own network and process ids. */
  readonly namespaces: boolean;
  /** Whether the child runs as the user `nobody`, since the gateway runs as root. */
  readonly nobody: boolean;
  /** Whether the child dies with the gateway, even in the middle of a long computation. */
  readonly diesWithGateway: boolean;
  readonly noCoreDump: boolean;
  /** How deep code may nest; absent if V8's default applies, which code can exceed. */
  readonly stack: Stack | undefined;
  /** Why a stronger confinement was not used; absent if this is the strongest. */
  readonly missing?: string;
}

const FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
/** The id of the user `nobody` on Linux. */
const NOBODY = "65534";
/** Milliseconds for one attempt. */
const PROBE_TIMEOUT_MS = 5_000;

const UNPRIVILEGED = ["--inh-caps=-all", "--no-new-privs", "--pdeathsig", "KILL"];
const AS_NOBODY = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--bounding-set=-all"];
const NAMESPACES = ["--net", "--pid", "--ipc", "--fork", "--kill-child"];

/**
 * The strongest confinement that works here, found by trying util-linux's `setpriv`, `unshare` and `prlimit`.
 *
 * @param command what must run under it: it exits with 0 if it can do what a child must
 */
export async function findConfinement(command: readonly string[]): Promise<Confinement> {
  let missing: string | undefined;
  for (const candidate of candidates()) {
    const failure = await failureOf([...candidate.prefix, ...command]);
    if (failure === undefined) return missing === undefined ? candidate : { ...candidate, missing };
    missing ??= failure;
  }
  return { ...UNCONFINED, ...(missing !== undefined && { missing }) };
}

/** Only a separate process and Node's permission model, which every host supports. */
export const UNCONFINED: Confinement = {
  prefix: [],
  namespaces: false,
  nobody: false,
  diesWithGateway: false,
  noCoreDump: false,
  stack: usualStack(),
};

/** From the strongest to the weakest. */
function candidates(): Confinement[] {
  const [setpriv, unshare, prlimit] = ["setpriv", "unshare", "prlimit"].map(pathOf);
  const deep = prlimit ? deepStack() : undefined;
  const limits = prlimit ? [prlimit, "--core=0", ...(deep ? [`--stack=${deep.processBytes}:`] : [])] : [];
  const all: Confinement[] = [];
  const add = (wraps: readonly string[], kind: { namespaces: boolean; nobody: boolean }) =>
    all.push({
      prefix: [...wraps, ...limits],
      ...kind,
      diesWithGateway: wraps.includes("--pdeathsig"),
      noCoreDump: limits.length > 0,
      stack: deep ?? usualStack(),
    });
  if (process.platform === "linux" && setpriv) {
    const dies = [setpriv, "--pdeathsig", "KILL"];
    const asNobody = [setpriv, ...AS_NOBODY, ...UNPRIVILEGED];
    const asSelf = [setpriv, ...UNPRIVILEGED];
    // A user namespace gives capabilities within itself: mapped to a user who is not root, they end with the next exec.
    const own = (user: readonly string[]) => (unshare ? [unshare, ...user, ...NAMESPACES] : undefined);
    const asRoot = own([]);
    const inUserNamespace = own(["--user", "--map-current-user"]);
    if (process.getuid?.() === 0) {
      if (asRoot) add([...dies, ...asRoot, ...asNobody], { namespaces: true, nobody: true });
      if (inUserNamespace) add([...asNobody, ...inUserNamespace], { namespaces: true, nobody: true });
      if (asRoot)
        add([...dies, ...asRoot, ...asSelf, "--bounding-set=-all"], { namespaces: true, nobody: false });
      add(asNobody, { namespaces: false, nobody: true });
    } else if (inUserNamespace) add([...asSelf, ...inUserNamespace], { namespaces: true, nobody: false });
    add(asSelf, { namespaces: false, nobody: false });
  }
  add([], { namespaces: false, nobody: false });
  return all;
}

/** `undefined` if the command succeeds. */
async function failureOf([file = "", ...args]: readonly string[]): Promise<string | undefined> {
  try {
    await promisify(execFile)(file, args, { env: {}, cwd: "/", timeout: PROBE_TIMEOUT_MS });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return (stderr?.trim() || message).split("\n")[0]?.slice(0, 200) ?? "";
  }
}

const pathOf = (program: string): string | undefined =>
  FOLDERS.map((folder) => join(folder, program)).find((path) => existsSync(path));
