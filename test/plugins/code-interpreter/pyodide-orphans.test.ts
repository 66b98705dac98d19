import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findPythonPaths, probeCommand } from "../../../plugins/code-interpreter/pyodide/command.ts";
import { findConfinement } from "../../../plugins/code-interpreter/pyodide/confinement.ts";
import { chanceOf, ofSeed, oneOf, seeds } from "../../helpers/rounds.ts";
import { skipUnless } from "../../helpers/skip.ts";
import { cacheFolder, gone, never, runtimeWith } from "./pyodide-runtimes.ts";

const folder = fileURLToPath(new URL("../../../plugins/code-interpreter/pyodide/", import.meta.url));
const confinement = await findConfinement(probeCommand(findPythonPaths()));

/** A gateway that runs the code and is killed at the n-th of its outputs. @returns the pid of the process that ran it */
async function killGatewayDuring(code: string, host: "this" | "bare", n = 1): Promise<number> {
  const script = `
    import { optionsSchema } from "${folder}options.ts";
    import { PyodideRuntime } from "${folder}pyodide-runtime.ts";
    import { findConfinement, UNCONFINED } from "${folder}confinement.ts";
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const find = "${host}" === "bare" ? async () => UNCONFINED : findConfinement;
    const runtime = new PyodideRuntime(optionsSchema.parse({ cacheFolder: ${JSON.stringify(cacheFolder)} }), log, find);
    const signal = new AbortController().signal;
    const session = await runtime.open(signal);
    const sink = { text: () => console.log(session.pid), cut() {}, image() {} };
    await session.execute(${JSON.stringify(code)}, sink, { timeoutMs: 60_000, signal, logCharacters: 1000 });
    setInterval(() => {}, 1000);`;
  const gateway = spawn(process.execPath, ["--no-warnings", "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let outputs = 0;
    for await (const pid of createInterface({ input: gateway.stdout })) {
      outputs += 1;
      if (outputs < n) continue;
      gateway.kill("SIGKILL");
      return Number(pid);
    }
    throw new Error("the gateway ended by itself");
  } finally {
    gateway.kill("SIGKILL");
  }
}

describe("a gateway that is killed leaves no process behind", () => {
  it.each([
    ["between executions", "print('on')", "this"],
    ["in an endless loop", "print('on')\nwhile True: pass", "this"],
    ["asleep", "import time\nprint('on')\ntime.sleep(60)", "this"],
    ["between executions, on a bare host", "print('on')", "bare"],
    ["in an endless loop, on a bare host", "print('on')\nwhile True: pass", "bare"],
    ["asleep, on a bare host", "import time\nprint('on')\ntime.sleep(60)", "bare"],
  ] as const)("%s", async (_, code, host) => {
    await gone(await killGatewayDuring(code, host));
  });

  it("at any moment of code that prints, sleeps and computes", async () => {
    const code = "import time\nwhile True:\n  print('on')\n  time.sleep(0.025)\n  sum(range(10**5))";
    for (const seed of seeds({ few: 1, many: 100 })) {
      const chance = chanceOf(seed);
      const host = chance() < 0.5 ? "this" : "bare";
      await ofSeed(seed, killGatewayDuring(code, host, 1 + oneOf(chance, 20)).then(gone));
    }
  });

  const title = "in a computation that looks for nothing";
  const deaths = skipUnless(confinement.diesWithGateway, `no setpriv here: ${confinement.missing}`, title);
  it.skipIf(deaths.skip)(deaths.title, async () => {
    await gone(await killGatewayDuring("print('on')\nsum(range(10**12))", "this"));
  });
});

it("a runtime that is closed leaves none, not even of what is starting or at work", async () => {
  const runtime = runtimeWith();
  const session = await runtime.open(never);
  const { pid } = session;
  const sink = { text() {}, cut() {}, image() {} };
  const running = session.execute("while True: pass", sink, {
    timeoutMs: 60_000,
    signal: never,
    logCharacters: 10,
  });
  const opening = runtime.open(never);
  const refused = expect(opening).rejects.toMatchObject({ reason: "unavailable" });
  await runtime.close();
  await refused;
  expect((await running).kind).toBe("died");
  await gone(pid ?? 0);
});
