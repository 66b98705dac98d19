import type { Log } from "../../../core/index.ts";
import { RuntimeError } from "../runtime.ts";
import { PythonProcess } from "./child-process.ts";
import { findPythonPaths, nodeCommand, type PythonPaths, probeCommand } from "./command.ts";
import { type Confinement, findConfinement } from "./confinement.ts";
import type { ChildMessage, ChildSettings } from "./messages.ts";
import type { PyodideSettings } from "./options.ts";
import { PyodideSession } from "./session.ts";
import { Snapshots } from "./snapshots.ts";
import { versionOf } from "./version.ts";

/** Bytes of the process without Python's memory: Node, its code and Python's, compiled. */
const BASE_RESIDENT_BYTES = 320 * 1024 * 1024;
/** Most bytes that a child may send before it is ready. */
const READY_BYTES = 64 * 1024;
const MIB = 1024 * 1024;

/** Facts about this host, found at the first start. */
export interface Host {
  readonly places: PythonPaths;
  readonly confinement: Confinement;
}

export interface Started {
  readonly session: PyodideSession;
  readonly python: string;
  readonly snapshot: "none" | "loaded" | "made";
  /** Milliseconds from the start until the process is ready. */
  readonly milliseconds: number;
}

/** Starts Python processes, with a confinement and a snapshot. */
export class Starts {
  readonly #settings: PyodideSettings;
  readonly #log: Log;
  /** Finds out once what this host supports. */
  readonly #confine: typeof findConfinement;
  #host: Promise<Host & { snapshots: Snapshots }> | undefined;

  constructor(settings: PyodideSettings, log: Log, confine = findConfinement) {
    this.#settings = settings;
    this.#log = log;
    this.#confine = confine;
  }

  /** @throws Error if the package is not installed */
  host(): Promise<Host & { snapshots: Snapshots }> {
    this.#host ??= this.#find();
    return this.#host;
  }

  /** Starts a process. @throws RuntimeError `unavailable` if it is not ready in time, or ends */
  async start(signal: AbortSignal): Promise<Started> {
    const { snapshots } = await this.host();
    const use = await snapshots.use(signal);
    if (use.kind === "make") this.#log.info({}, "preparing Python: the first start takes some seconds");
    try {
      const started = await this.#start(use.kind, use.kind === "none" ? undefined : use.fd, signal);
      if (use.kind === "make") await use.made("made");
      return started;
    } catch (error) {
      if (use.kind === "make") await use.made(signal.aborted ? "abandoned" : "failed");
      if (use.kind !== "load" || signal.aborted) throw error;
      const started = await this.#start("none", undefined, signal);
      // It started without the snapshot, so the snapshot was the cause.
      this.#log.warn({ err: error }, "Python does not start from its snapshot, but starts without it");
      await snapshots.giveUp();
      return started;
    }
  }

  async close(): Promise<void> {
    if (this.#host) await (await this.#host).snapshots.close();
  }

  async #find() {
    const places = findPythonPaths();
    const confinement = await this.#confine(probeCommand(places));
    const snapshots = new Snapshots(this.#settings.cacheFolder, versionOf(places), this.#log);
    this.#log.debug({ ...confinement }, "how Python is confined");
    return { places, confinement, snapshots };
  }

  async #start(
    snapshot: ChildSettings["snapshot"],
    snapshotFd: number | undefined,
    signal: AbortSignal,
  ): Promise<Started> {
    signal.throwIfAborted();
    const { places, confinement } = await this.host();
    const { memoryMiB, startTimeoutMs } = this.#settings;
    const { stack } = confinement;
    const begun = performance.now();
    const child = new PythonProcess({
      command: [...confinement.prefix, ...nodeCommand(places, stack), places.main],
      wrapped: confinement.namespaces,
      settings: {
        packageFolder: places.packageFolder,
        memoryBytes: memoryMiB * MIB,
        stackBytes: stack?.pythonBytes,
        snapshot,
      },
      snapshotFd,
      memoryMiB,
      maxResidentBytes: memoryMiB * MIB + BASE_RESIDENT_BYTES,
    });
    const { promise, resolve, reject } = Promise.withResolvers<Extract<ChildMessage, { type: "ready" }>>();
    const timer = setTimeout(() => void child.kill("It did not start in time."), startTimeoutMs);
    const abort = () => void child.kill("It was not wanted any more.");
    signal.addEventListener("abort", abort);
    child.onEnd((reason) =>
      reject(new RuntimeError("unavailable", `Python could not be started. ${reason}`)),
    );
    child.listen((message) => {
      if (message.type === "ready") resolve(message);
      else void child.kill("Its process said what it may not.");
    }, READY_BYTES);
    try {
      const { python, snapshot: got } = await promise;
      child.listen(undefined, 0);
      const session = new PyodideSession(child, this.#settings);
      return { session, python, snapshot: got, milliseconds: Math.round(performance.now() - begun) };
    } catch (error) {
      signal.throwIfAborted();
      if (child.lastWords) this.#log.warn({ lastWords: child.lastWords }, "Python's process did not start");
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }
}
