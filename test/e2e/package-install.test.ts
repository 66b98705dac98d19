import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { blocksOf } from "../helpers/markdown.ts";
import { type Npm, npm } from "../helpers/npm.ts";
import { installOlderNode, olderNode } from "../helpers/older-node.ts";
import { openStream, refused } from "../helpers/open-stream.ts";
import { tempFolder } from "../helpers/temp-folder.ts";
import { expectValidResponse } from "../wire/wire.ts";

/** The package as a stranger gets it: packed, then installed from the registry into an empty folder. */

const root = fileURLToPath(new URL("../../", import.meta.url));
const cache = tempFolder();
const tarball = `vr-gateway-${manifest.version}.tgz`;
const MINUTES = 60_000;

const CONFIG = `
import { defineConfig, definePlugin } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { demo } from "vr-gateway/plugins/demo";
import { z } from "zod";

const greet = definePlugin({
  name: "greet",
  options: z.object({ word: z.string() }),
  setup(vr, { word }) {
    vr.router.get("/greet", (ctx) => {
      ctx.body = word;
    });
  },
});

export default defineConfig({
  plugins: [demo({ delayMs: 0 }), ...defaults({ upstream: false, codeInterpreter: false }), greet({ word: "hello" })],
});
`;

/** Its options are typed, so the lines that are wrong must not compile. */
const WRONG = `
import { defineConfig, GuardrailStop, type ModelChunk, type Turn, type Upstream } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { demo } from "vr-gateway/plugins/demo";
import { openaiCompatible } from "vr-gateway/plugins/upstream-openai-compatible";

// @ts-expect-error: milliseconds are a number
demo({ delayMs: "soon" });
// @ts-expect-error: there is no such member
defaults({ loger: {} });
// @ts-expect-error: there is no such option
defineConfig({ plugins: [], prot: 5 });
// @ts-expect-error: an upstream needs its URL
openaiCompatible({ name: "vllm" });

export const onChunk = (chunk: ModelChunk, turn: Turn) => {
  if (chunk.type === "text" && chunk.text === "no") throw new GuardrailStop(String(turn.index));
};
export const nameOf = ({ name }: Upstream): string => name;
`;

/** An empty folder with the tarball beside these files. */
function folderWith(files: Record<string, string> = {}): string {
  const folder = tempFolder(files);
  writeFileSync(join(folder, tarball), packed);
  return folder;
}

const env = { VR_DB_PATH: ":memory:", VR_PORT: "0" };
const node = process.execPath;
let packed: Buffer;
beforeAll(async () => {
  const folder = tempFolder();
  const { code, stderr } = await npm("npm", ["pack", "--pack-destination", folder], {
    cwd: root,
    cache,
    node,
  }).finished;
  expect(code, stderr).toBe(0);
  packed = readFileSync(join(folder, tarball));
}, 2 * MINUTES);

const npxStart = (cwd: string, on = node, variables: Record<string, string> = env): Npm =>
  npm("npx", ["--yes", "-p", `./${tarball}`, "vr", "start"], { cwd, cache, node: on, env: variables });

async function urlOf(command: Npm): Promise<string> {
  const [, url = ""] = await command.until(/listening on (http:\S+)\n[\s\S]*\n {2}config .*\n/);
  return url;
}

describe("npx -p ./vr-gateway-*.tgz vr start, with Node 24", { timeout: 2 * MINUTES }, () => {
  // One folder: npx installs the package once for each.
  let cwd: string;
  beforeAll(() => {
    cwd = folderWith();
  });

  it("listens in an empty folder, without any configuration", async () => {
    const command = npxStart(cwd);
    expect((await fetch(`${await urlOf(command)}/health`)).status).toBe(200);
    const { stdout } = await command.stop();
    expect(stdout).toContain(`vr ${manifest.version} is listening on `);
    expect(stdout).toContain("vr-gateway/dist/vr.config.js");
  });

  it("runs Python there: the sandbox is part of the package", async () => {
    const command = npxStart(cwd, node, { ...env, VR_UPSTREAM_KIND: "demo" });
    const answer = await fetch(`${await urlOf(command)}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        input: "Calculate the factorial of 5",
        tools: [{ type: "code_interpreter" }],
        include: ["code_interpreter_call.outputs"],
      }),
    });
    expect(expectValidResponse(await answer.json()).output[0]).toMatchObject({
      outputs: [{ type: "logs", logs: "120\n" }],
    });
    await command.stop();
  });

  it("ends with npx, after the streams that are open", async () => {
    const command = npxStart(cwd, node, { ...env, VR_UPSTREAM_KIND: "demo" });
    const url = await urlOf(command);
    const stream = await openStream(url);
    command.killAlone();
    expect((await stream.rest()).status).toBe("completed");
    await refused(url);
    await command.finished;
  });

  it("runs a vr.config.ts that imports vr-gateway, its plugins and zod, none of which the folder has", async () => {
    writeFileSync(join(cwd, "vr.config.ts"), CONFIG);
    const command = npxStart(cwd);
    const url = await urlOf(command);
    expect(await (await fetch(`${url}/greet`)).text()).toBe("hello");
    const answer = await fetch(`${url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "What is 6 * 7?" }),
    });
    expect(expectValidResponse(await answer.json()).status).toBe("completed");
    expect((await command.stop()).stdout).toContain(join(cwd, "vr.config.ts"));
  });
});

it(
  "with an older Node alone it prints its one line and exits 1",
  async () => {
    const older = olderNode() ?? (await installOlderNode(cache));
    const { code, stdout, stderr } = await npxStart(folderWith(), older).finished;
    const own = stderr.split("\n").filter((line) => line !== "" && !/^npm /.test(line));
    expect(own).toEqual([expect.stringMatching(/^vr needs Node 24 or newer, and this is \d+\.\d+\.\d+: /)]);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  },
  2 * MINUTES,
);

describe("the installed package", () => {
  let folder: string;
  const inPackage = () => join(folder, "node_modules", "vr-gateway");
  const files = () =>
    readdirSync(inPackage(), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(inPackage().length + 1));
  beforeAll(async () => {
    folder = folderWith({
      "package.json": JSON.stringify({ private: true, type: "module" }),
      "vr.config.ts": CONFIG,
      "wrong.ts": WRONG,
      "tsconfig.json": JSON.stringify({
        compilerOptions: { module: "nodenext", target: "es2024", strict: true, noEmit: true },
        files: ["vr.config.ts", "wrong.ts"],
      }),
    });
    const install = npm("npm", ["install", `./${tarball}`], { cwd: folder, cache, node });
    const { code, stderr } = await install.finished;
    expect(code, stderr).toBe(0);
  }, 2 * MINUTES);

  it("holds what was built, the licence, the texts and the examples, and nothing else", () => {
    const others = files().filter((file) => !/^dist\/.*\.(?:js|d\.ts)$/.test(file));
    const texts =
      /^(?:docs\/(?:\w+\/)?[\w-]+\.md|plugins\/[\w-]+\/README\.md|examples\/.*\.(?:md|ts|json|sh|py))$/;
    expect(others.filter((file) => !texts.test(file)).sort()).toEqual([
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "core/README.md",
      "package.json",
    ]);
    for (const plugin of readdirSync(join(root, "plugins")))
      if (existsSync(join(root, "plugins", plugin, "README.md")))
        expect(others).toContain(`plugins/${plugin}/README.md`);
    for (const example of readdirSync(join(root, "examples")))
      expect(others).toContain(`examples/${example}/README.md`);
    expect(files()).toContain(manifest.bin.vr);
    expect(files().filter((file) => /\btests?\b/.test(file))).toEqual([]);
  });

  it("brings examples that run once they are copied, and compile with the guide's tsconfig.json", async () => {
    const examples = [
      "custom-tool",
      "guardrail",
      "hosted-tool",
      "custom-store",
      "custom-upstream",
      "own-setting",
    ];
    // The hosted tool searches these pages.
    cpSync(join(inPackage(), "examples/mcp/docs"), join(folder, "mcp/docs"), { recursive: true });
    for (const example of examples)
      cpSync(join(inPackage(), "examples", example), join(folder, example), { recursive: true });
    const guide = readFileSync(join(inPackage(), "docs/guide/write-a-plugin.md"), "utf8");
    const [config] = blocksOf(guide).filter(({ language }) => language === "json");
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    for (const example of examples) {
      writeFileSync(join(folder, example, "tsconfig.json"), config?.text ?? "");
      const run = () => execFileSync(node, [tsc, "-p", join(folder, example)], { encoding: "utf8" });
      expect(run, example).not.toThrow();
    }
    const args = ["--no", "vr", "check", "--config", "hosted-tool/vr.config.ts"];
    const check = npm("npx", args, {
      cwd: folder,
      cache,
      node,
      env: { ...env, VR_UPSTREAM_KIND: "demo" },
    });
    const { code, stdout } = await check.finished;
    expect(stdout).toMatch(/^ +tool kind +file_search +file-search/m);
    expect(code).toBe(0);
  });

  it("names no place of the machine that it was built on", () => {
    const texts = files().map((file) => readFileSync(join(inPackage(), file), "utf8"));
    const places = [root, `${homedir()}/`].filter((place) => place.length > 2);
    for (const place of places) expect(texts.filter((text) => text.includes(place))).toEqual([]);
  });

  it("brings the types of a configuration in TypeScript, and of all that they need", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const run = () => execFileSync(node, [tsc, "-p", folder], { cwd: folder, encoding: "utf8" });
    expect(run).not.toThrow();
  });

  it("has a vr command, which checks that configuration", async () => {
    const check = npm("npx", ["--no", "vr", "check"], { cwd: folder, cache, node, env });
    const { code, stdout } = await check.finished;
    expect(stdout).toMatch(/^ok +config +vr\.config\.ts$/m);
    expect(stdout).toMatch(/^ +plugins +demo, store-sqlite, mcp, logger, greet$/m);
    expect(code).toBe(0);
  });
});
