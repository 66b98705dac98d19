import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type NpmOptions, npm } from "../helpers/npm.ts";
import { installOlderNode, olderNode } from "../helpers/older-node.ts";
import { openStream, refused } from "../helpers/open-stream.ts";
import { tempConfig, tempFolder } from "../helpers/temp-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cache = tempFolder();
const node = process.execPath;
const options: NpmOptions = { cwd: root, cache, node, env: { VR_DB_PATH: ":memory:", VR_PORT: "0" } };
const config = tempConfig("{ plugins: [demo({ delayMs: 20 })] }");

it("a kill of npm start ends the gateway, after the streams that are open", async () => {
  const command = npm("npm", ["start", "--", "--config", config], options);
  const [, url = ""] = await command.until(/listening on (http:\S+)\n/);
  const stream = await openStream(url);
  command.killAlone();
  expect((await stream.rest()).status).toBe("completed");
  await refused(url);
  // npm has waited for it.
  expect((await command.finished).stdout).toContain(url);
});

it("npm install says nothing of packages that want a newer Node", async () => {
  const folder = tempFolder();
  for (const file of ["package.json", "package-lock.json", ".npmrc"])
    copyFileSync(join(root, file), join(folder, file));
  const dry = { ...options, cwd: folder, node: olderNode() ?? (await installOlderNode(cache)) };
  const { code, stderr } = await npm("npm", ["install", "--dry-run", "--offline"], dry).finished;
  expect(stderr).toBe("");
  expect(code).toBe(0);
});
