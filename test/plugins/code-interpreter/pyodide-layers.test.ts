import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import {
  findPythonPaths,
  nodeCommand,
  probeCommand,
} from "../../../plugins/code-interpreter/pyodide/command.ts";
import { findConfinement } from "../../../plugins/code-interpreter/pyodide/confinement.ts";
import { probeHost } from "../../../plugins/code-interpreter/pyodide/probe-host.ts";
import { skipUnless } from "../../helpers/skip.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";
import { never, runtimeWith } from "./pyodide-runtimes.ts";

const places = findPythonPaths();
const confinement = await findConfinement(probeCommand(places));
/** A file that the gateway may read and write, and every user may find. */
const file = join(tempFolder({ "some.txt": "text" }), "some.txt");
/** Such as a release of Linux for containers that grants no namespaces. */
const namespaces = skipUnless(
  confinement.namespaces,
  `no namespaces here: ${confinement.missing}`,
  "keeps JavaScript from the gateway's network and from its signals",
);

describe("JavaScript that broke out of Python, and has all of Node again", () => {
  it("is stopped by the permission model alone, but for network and signals", async () => {
    expect(await probeHost([], places, file, never)).toEqual({
      filesystem: "ERR_ACCESS_DENIED",
      writing: "ERR_ACCESS_DENIED",
      processes: "ERR_ACCESS_DENIED",
      workers: "ERR_ACCESS_DENIED",
      codeFromStrings: "EvalError",
      network: "open",
      signals: "open",
      environment: 0,
      uid: process.getuid?.(),
    });
  });

  it.skipIf(namespaces.skip)(namespaces.title, async () => {
    const probed = await probeHost(confinement.prefix, places, file, never);
    expect(probed).toMatchObject({ network: "ENETUNREACH", signals: "ESRCH", environment: 0 });
    expect(probed.filesystem).not.toBe("open");
    if (confinement.nobody) expect(probed.uid).toBe(65534);
  });
});

it("leaves no socket, signal, module or code made of strings in JavaScript's realm", async () => {
  const lockdown = join(places.childFolder, "lockdown.ts");
  // Node's flags are a child's; the script keeps what it asks with, as code of strangers could not.
  const script = `
    import { writeSync } from "node:fs";
    import { createRequire } from "node:module";
    const require = createRequire("${lockdown}");
    const real = process, names = {};
    const { lockDown } = await import("${lockdown}");
    lockDown();
    const attempt = async (name, run) => {
      try { names[name] = typeof (await run()); } catch (error) { names[name] = error.name; }
    };
    for (const name of ["fetch", "WebSocket", "EventSource", "Worker", "BroadcastChannel", "MessageChannel", "eval", "setTimeout", "navigator", "crypto", "require", "URL"])
      await attempt(name, () => globalThis[name]);
    for (const name of ["kill", "_kill", "binding", "_linkedBinding", "dlopen", "getBuiltinModule", "_debugProcess", "mainModule", "chdir", "setuid", "stdin", "stdout", "abort", "report", "execve", "loadEnvFile"]) {
      await attempt("process." + name, () => real[name]);
      await attempt("global.process." + name, () => process[name]);
    }
    for (const name of ["node:net", "node:fs", "net", "node:module", "node:child_process", "ws"]) {
      await attempt("import " + name, () => import(name));
      await attempt("require " + name, () => require(name));
    }
    await attempt("Function", () => Function("return 1")());
    writeSync(1, JSON.stringify(names));`;
  const [program = "", ...flags] = nodeCommand(places);
  const args = [...flags, "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(program, args, { env: {}, cwd: "/" });
  const names: Record<string, string> = JSON.parse(stdout);
  expect(Object.keys(names).length).toBeGreaterThan(50);
  const open = Object.entries(names).filter(([, type]) => type !== "undefined" && !type.endsWith("Error"));
  expect(open).toEqual([]);
});

describe("a process that runs code", () => {
  const procfs = skipUnless(
    process.platform === "linux",
    "no /proc here",
    "has no rights, and nothing open but its own",
  );
  it.skipIf(procfs.skip)(procfs.title, async () => {
    const runtime = runtimeWith();
    // The first makes the snapshot, the second loads it.
    for (const session of [await runtime.open(never), await runtime.open(never)]) {
      const status = readFileSync(`/proc/${session.pid}/status`, "utf8");
      if (confinement.diesWithGateway) expect(status).toMatch(/NoNewPrivs:\s+1/);
      if (confinement.nobody) expect(status).toMatch(/CapEff:\s+0+\n/);
      if (confinement.nobody) expect(status).toMatch(/Uid:\s+65534/);
      if (confinement.noCoreDump)
        expect(readFileSync(`/proc/${session.pid}/limits`, "utf8")).toMatch(/Max core file size\s+0\s+0/);
      // Whoever holds the snapshot's file for writing writes into every session to come.
      const { text } = await openFiles(session.pid ?? 0);
      expect(text).not.toContain(".snapshot");
    }
  });
});

/** What the process has open, one line each; empty for a user who may not look. */
async function openFiles(pid: number): Promise<{ text: string }> {
  try {
    return { text: (await promisify(execFile)("ls", ["-l", `/proc/${pid}/fd`])).stdout };
  } catch {
    return { text: "" };
  }
}
