import { realpathSync } from "node:fs";
import { RuntimeError } from "../runtime.ts";
import type { Probed } from "./child/probe.ts";
import type { Confinement } from "./confinement.ts";
import type { PyodideSettings } from "./options.ts";
import { probeHost } from "./probe-host.ts";
import type { PyodideSession } from "./session.ts";
import type { Host, Started } from "./starts.ts";

const MIB = 1024 * 1024;
const FIRST_RUN_TIMEOUT_MS = 10_000;

/** Executes in a session, and says of each layer whether it holds on this host. @throws RuntimeError */
export async function examine(
  started: Started,
  { host, settings, signal }: { host: Host; settings: PyodideSettings; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const { session } = started;
  const { confinement, places } = host;
  await check(session, signal);
  const probed = await probeHost(confinement.prefix, places, realpathSync(process.execPath), signal);
  const resident = session.residentBytes;
  return {
    python: started.python,
    process: processLine(confinement, probed),
    filesystem:
      probed.filesystem === "open" || probed.writing === "open"
        ? "OPEN"
        : "Python and its own code, read-only",
    network: networkLine(confinement, probed),
    processes: held(probed.processes === "open" || probed.workers === "open", "none can be started"),
    signals:
      probed.signals === "open"
        ? "none in reach; no namespace: the gateway's would be"
        : `none (${probed.signals})`,
    codeFromStrings: held(probed.codeFromStrings === "open", "disallowed"),
    environment: probed.environment === 0 ? "empty" : `${probed.environment} variables`,
    memoryMiB: settings.memoryMiB,
    ...(resident !== undefined && { residentMiB: Math.round(resident / MIB) }),
    memoryLimits:
      resident === undefined
        ? "Python's own only: the process is not watched here"
        : "Python's own, and the process's",
    endsWithGateway: confinement.diesWithGateway
      ? "with its death"
      : "when it next looks: Python at work looks often, one long operation does not",
    coreDumps: confinement.noCoreDump ? "off" : "as the gateway's",
    snapshot: started.snapshot,
    startMs: started.milliseconds,
  };
}

/** @throws RuntimeError when Python does not do its sums */
async function check(session: PyodideSession, signal: AbortSignal): Promise<void> {
  let text = "";
  const sink = {
    text: (_stream: string, some: string) => {
      text += some;
    },
    cut() {},
    image() {},
  };
  await session.execute("print(6*7)", sink, { timeoutMs: FIRST_RUN_TIMEOUT_MS, signal, logCharacters: 1000 });
  signal.throwIfAborted();
  if (text !== "42\n") throw new RuntimeError("unavailable", "Python does not do its sums.");
}

const held = (open: boolean, how: string) => (open ? "OPEN" : how);

const processLine = ({ nobody, namespaces }: Confinement, { uid }: Probed): string =>
  ["own", nobody && `user ${uid}`, namespaces && "process ids of its own"].filter(Boolean).join(", ");

function networkLine({ missing }: Confinement, { network }: Probed): string {
  if (network !== "open") return `none (namespace: ${network})`;
  return `no sockets in reach; no namespace: ${missing ?? "not this system"}`;
}
