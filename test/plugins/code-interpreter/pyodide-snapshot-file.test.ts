/** Where the snapshot is kept, and when it is trusted: its bytes are of no matter there, so that no Python is started. */
import {
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SNAPSHOT_HEADER_BYTES } from "../../../plugins/code-interpreter/pyodide/child/limits.ts";
import { Snapshots } from "../../../plugins/code-interpreter/pyodide/snapshots.ts";
import { recordingLog } from "../../helpers/recording-log.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";

const never = new AbortController().signal;
const BYTES = Buffer.alloc(3 * 1024 * 1024, "memory");

/** What the first start of a gateway does about the snapshot; it makes one where it shall. */
async function firstStart(cacheFolder: string | undefined): Promise<"none" | "loaded" | "made"> {
  const snapshots = new Snapshots(cacheFolder, "1", recordingLog().log);
  try {
    const use = await snapshots.use(never);
    if (use.kind === "none") return "none";
    if (use.kind === "load") return "loaded";
    writeSync(use.fd, BYTES, 0, BYTES.length, SNAPSHOT_HEADER_BYTES);
    await use.made("made");
    return "made";
  } finally {
    await snapshots.close();
  }
}

const kept = (folder: string) => readdirSync(folder).map((name) => join(folder, name));

describe("the file of a snapshot", () => {
  const folder = join(tempFolder(), "cache");

  it("is made by the first gateway and loaded by the next", async () => {
    expect(await firstStart(folder)).toBe("made");
    expect(await firstStart(folder)).toBe("loaded");
    expect(readFileSync(kept(folder)[0] ?? "").subarray(SNAPSHOT_HEADER_BYTES)).toEqual(BYTES);
  });

  it.each([
    ["a byte is another", (bytes: Buffer) => bytes.fill(bytes.at(-1) === 1 ? 2 : 1, bytes.length - 1)],
    ["a byte of its hash is another", (bytes: Buffer) => bytes.fill(bytes[0] === 1 ? 2 : 1, 0, 1)],
    ["it is cut short", (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ["it is empty", () => Buffer.alloc(0)],
  ])("is made anew when %s", async (_, damage) => {
    const [path = ""] = kept(folder);
    writeFileSync(path, damage(readFileSync(path)));
    expect(await firstStart(folder)).toBe("made");
    expect(await firstStart(folder)).toBe("loaded");
  });

  it("is made anew when others may write it", async () => {
    chmodSync(kept(folder)[0] ?? "", 0o666);
    expect(await firstStart(folder)).toBe("made");
    expect(statSync(kept(folder)[0] ?? "").mode & 0o777).toBe(0o600);
  });

  it("takes what killed gateways left half made with it", async () => {
    const [path = ""] = kept(folder);
    const left = [`${path}.0123456789abcdef`, `${path}.fedcba9876543210`];
    for (const draft of left) writeFileSync(draft, "half");
    utimesSync(left[0] ?? "", 1, 1);
    rmSync(path);
    await firstStart(folder);
    expect(kept(folder).sort()).toEqual([path, left[1]]);
  });
});

describe("for a user whose home cannot be written", () => {
  afterEach(() => vi.unstubAllEnvs());
  const own = `vr-gateway-${process.getuid?.() ?? "cache"}`;
  /** A folder of all users, and homes that are none. */
  function homeless(files: Record<string, string> = { none: "" }): string {
    const temporary = tempFolder(files);
    vi.stubEnv("TMPDIR", temporary);
    vi.stubEnv("HOME", join(temporary, "none", "home"));
    vi.stubEnv("XDG_CACHE_HOME", "");
    vi.stubEnv("LOCALAPPDATA", "");
    return join(temporary, own);
  }

  it("it is kept in a folder of that user's among the temporary ones", async () => {
    const folder = homeless();
    expect(await firstStart(undefined)).toBe("made");
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(await firstStart(undefined)).toBe("loaded");
    // Others could have put something there.
    chmodSync(folder, 0o777);
    expect(await firstStart(undefined)).toBe("made");
  });

  it("it is not kept where that folder is a link", async () => {
    const folder = homeless({ none: "", "elsewhere/none": "" });
    symlinkSync(join(dirname(folder), "elsewhere"), folder);
    expect(await firstStart(undefined)).toBe("made");
    expect(readdirSync(join(dirname(folder), "elsewhere"))).toEqual(["none"]);
  });
});
