import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { expectValidResponse } from "./wire/wire.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Inside of the tree, so that what is built finds its dependencies. */
const dist = `${root}node_modules/.cache/vr-package-${process.pid}`;
const elsewhere = mkdtempSync(`${tmpdir()}/vr-package-`);

beforeAll(async () => {
  rmSync(dist, { recursive: true, force: true });
  const tsc = [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}.ci/tsconfig.build.json`];
  await promisify(execFile)(process.execPath, [...tsc, "--outDir", dist]);
}, 60_000);
afterAll(() => {
  for (const folder of [dist, elsewhere]) rmSync(folder, { recursive: true, force: true });
});

it("the built package runs with the shipped configuration, wherever it is started", async () => {
  const child = spawn(process.execPath, [`${dist}/core/cli.js`, "start", "--port", "0"], {
    cwd: elsewhere,
    env: { ...process.env, VR_DB_PATH: ":memory:", VR_LOG_LEVEL: "silent" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let banner = "";
    for await (const text of child.stdout.setEncoding("utf8")) {
      banner += text;
      if (banner.includes("  config ")) break;
    }
    expect(banner).toContain(`${dist}/vr.config.js`);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(banner)?.[0];
    const answer = await fetch(`${url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "What is 6 * 7?" }),
    });
    expect(expectValidResponse(await answer.json()).status).toBe("completed");
  } finally {
    const exited = once(child, "exit");
    child.kill();
    await exited;
  }
  expect(child.exitCode).toBe(0);
});

it("the help of the built package lists the variables of the shipped plugins", async () => {
  const { help }: typeof import("../core/cli-help.ts") = await import(`${dist}/core/cli-help.js`);
  const text: string[] = [];
  await help((part) => text.push(part), `${dist}/vr.config.js`, 120_000);
  for (const name of ["VR_PORT", "VR_UPSTREAM_KIND", "VR_DB_PATH", "VR_JUPYTER_URL"])
    expect(text.join("")).toContain(`  ${name} `);
});

it("every entry of package.json leads to a built file with types", () => {
  const { ".": core, "./plugins/*": plugins } = manifest.exports;
  const targets = [core.default, core.types, plugins.default, plugins.types, manifest.bin.vr];
  for (const target of targets) {
    const built = join(root, target.replace("*", "demo")).replace(join(root, "dist"), dist);
    expect(existsSync(built), target).toBe(true);
  }
});

it("what only tests need is left out", () => {
  expect(existsSync(`${dist}/core/http`)).toBe(true);
  expect(existsSync(`${dist}/core/testing`)).toBe(false);
});
