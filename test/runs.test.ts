/** What each command runs: whoever adds a slow file must not take the main job out of `npm test`. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { isShared, LONG, SHARED, SLOW } from "./runs.ts";

const fileAt = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const MODE = "vitest run --config test/vitest.config.ts";

it.each([...SLOW, ...LONG])("%s exists", (file) => {
  expect(existsSync(fileAt(file))).toBe(true);
});

it.each(["test/pipeline/", "test/hooks/", "test/http/", "test/protocol/", "test/routing/"])(
  "npm test runs all of %s",
  (folder) => {
    expect(SLOW.filter((file) => file.startsWith(folder))).toEqual([]);
  },
);

it("npm test runs a gateway in a process of its own with real clients", () => {
  for (const name of ["quickstart", "openai-sdk", "ai-sdk", "cli", "check", "shutdown", "mcp-servers"]) {
    const file = `test/e2e/${name}.test.ts`;
    expect(SLOW).not.toContain(file);
    expect(existsSync(fileAt(file)), file).toBe(true);
  }
});

it("npm run test:all runs everything, and CI runs it", () => {
  expect(manifest.scripts).toMatchObject({
    test: `${MODE} --mode quick`,
    "test:all": MODE,
    "test:long": `${MODE} --mode long`,
  });
  expect(readFileSync(fileAt(".ci/run"), "utf8")).toMatch(/^step npm run test:all /m);
});

/** What sets the environment or starts a process, and helpers that clean up once per process, after its first file. */
const ITS_OWN =
  /process\.env|stubEnv|chdir|child_process|worker_threads|helpers\/(?:chromium|command|gateway|jupyter|npm|postgres|processes|redis|temp-folder|mcp\/(?:odd|published))\.ts/;

it("files that share a process set no environment and start no process", () => {
  const cwd = fileAt("");
  const shared = globSync(
    SHARED.map((folder) => `${folder}/**/*.test.ts`),
    { cwd },
  ).filter(isShared);
  expect(shared.length).toBeGreaterThan(50);
  expect(shared.filter((file) => ITS_OWN.test(readFileSync(fileAt(file), "utf8")))).toEqual([]);
});
