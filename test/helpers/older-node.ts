import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { npm } from "./npm.ts";
import { tempFolder } from "./temp-folder.ts";

/** The first `node` on the PATH that is older than 24. */
export function olderNode(): string | undefined {
  const found = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "node"));
  return found.filter(existsSync).find((node) => {
    const major = /^v(\d+)/.exec(execFileSync(node, ["--version"], { encoding: "utf8" }))?.[1];
    return Number(major) < 24;
  });
}

/** Node 20 from the registry, for machines that have no older one than 24. @throws with what npm said */
export async function installOlderNode(cache: string): Promise<string> {
  const manifest = JSON.stringify({ private: true, allowScripts: { node: true } });
  const cwd = tempFolder({ "package.json": manifest });
  const install = npm("npm", ["install", "node@20"], { cwd, cache, node: process.execPath });
  const { code, stderr } = await install.finished;
  if (code !== 0) throw new Error(stderr);
  return join(cwd, "node_modules/node/bin/node");
}
