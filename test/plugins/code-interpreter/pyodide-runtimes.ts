import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { UNCONFINED } from "../../../plugins/code-interpreter/pyodide/confinement.ts";
import { optionsSchema, type PyodideOptions } from "../../../plugins/code-interpreter/pyodide/options.ts";
import { PyodideRuntime } from "../../../plugins/code-interpreter/pyodide/pyodide-runtime.ts";
import type { PyodideSession } from "../../../plugins/code-interpreter/pyodide/session.ts";
import { recordingLog } from "../../helpers/recording-log.ts";

/** Kept from one run to the next: its name says what it was made of. */
export const cacheFolder = fileURLToPath(new URL("../../../node_modules/.cache/vr-python/", import.meta.url));

const made: PyodideRuntime[] = [];
afterAll(() => Promise.all(made.map((runtime) => runtime.close())));

/** A runtime that is closed after the tests of the file. All share a snapshot. */
export function runtimeWith(options: PyodideOptions = {}, host: "this" | "bare" = "this"): PyodideRuntime {
  const settings = optionsSchema.parse({ cacheFolder, ...options });
  const { log } = recordingLog();
  const runtime =
    host === "bare"
      ? new PyodideRuntime(settings, log, async () => UNCONFINED)
      : new PyodideRuntime(settings, log);
  made.push(runtime);
  return runtime;
}

export const never = new AbortController().signal;

/** A session that many tests use, for code that it must survive: another is opened only when one has ended. */
export function warmSession(options: PyodideOptions = {}): () => Promise<PyodideSession> {
  let opening: Promise<PyodideSession> | undefined;
  return async () => {
    if (!(await opening)?.alive) opening = runtimeWith(options).open(never);
    return opening as Promise<PyodideSession>;
  };
}

/** Resolves when no such process runs; the test's own time limit ends the wait. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
      // An orphan that has ended stays in the list until the first process of the system looks.
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH" || existsSync("/proc/self/stat")) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
