import { createHash } from "node:crypto";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UNCONFINED } from "../../../plugins/code-interpreter/pyodide/confinement.ts";
import { optionsSchema } from "../../../plugins/code-interpreter/pyodide/options.ts";
import { Starts } from "../../../plugins/code-interpreter/pyodide/starts.ts";
import { recordingLog } from "../../helpers/recording-log.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";
import { never } from "./pyodide-runtimes.ts";

/** Starts processes as one gateway does, and says of each what it did about the snapshot. */
async function gateway(cacheFolder: string | undefined, starts: number) {
  const { log, lines } = recordingLog();
  const gateway = new Starts(optionsSchema.parse({ cacheFolder }), log, async () => UNCONFINED);
  const started = await Promise.all(Array.from({ length: starts }, () => gateway.start(never)));
  await Promise.all(started.map(({ session }) => session.close()));
  await gateway.close();
  return {
    used: started.map(({ snapshot }) => snapshot).sort(),
    warnings: lines.filter(({ level }) => level === "warn"),
    told: lines.filter(({ level }) => level === "info").map(({ message }) => message),
  };
}

const kept = (folder: string) => readdirSync(folder).map((name) => join(folder, name));

describe("the snapshot of a started Python", () => {
  const folder = join(tempFolder(), "cache");

  it("is made by the first process, while others wait for it, and loaded by all others", async () => {
    const { used, told } = await gateway(folder, 3);
    expect(used).toEqual(["loaded", "loaded", "made"]);
    expect(told).toEqual(["preparing Python: the first start takes some seconds"]);
    expect(kept(folder)).toHaveLength(1);
    expect(kept(folder)[0]).toMatch(/python-314\.0\.7-[0-9a-f]{16}\.snapshot$/);
    expect(statSync(kept(folder)[0] ?? "").mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  it("is loaded by the next gateway", async () => {
    expect(await gateway(folder, 1)).toEqual({ used: ["loaded"], warnings: [], told: [] });
  });

  it("is left out and thrown away when Python does not start from it, although it is whole", async () => {
    const [path = ""] = kept(folder);
    const other = Buffer.alloc(1024 * 1024, "no memory of Python");
    writeFileSync(path, Buffer.concat([createHash("sha256").update(other).digest(), other]));
    const { used, warnings } = await gateway(folder, 1);
    expect(used).toEqual(["none"]);
    expect(warnings.map(({ message }) => message)).toContain(
      "Python does not start from its snapshot, but starts without it",
    );
    expect(kept(folder)).toEqual([]);
  });

  it("lives with the gateway where there is no folder to keep it in", async () => {
    const blocked = join(tempFolder({ file: "" }), "file", "cache");
    expect((await gateway(blocked, 2)).used).toEqual(["loaded", "made"]);
  });
});

it("makes the snapshot at the next start when the first was not wanted any more", async () => {
  const gateway = new Starts(
    optionsSchema.parse({ cacheFolder: tempFolder() }),
    recordingLog().log,
    async () => UNCONFINED,
  );
  const leaving = new AbortController();
  const left = gateway.start(leaving.signal);
  const waiting = gateway.start(leaving.signal);
  setTimeout(() => leaving.abort(new Error("left")), 300);
  await Promise.all([left, waiting].map((one) => expect(one).rejects.toThrow("left")));
  const started = await gateway.start(never);
  expect(started.snapshot).toBe("made");
  await started.session.close();
  await gateway.close();
});
