import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { vr } from "../helpers/command.ts";
import { tempFolder } from "../helpers/temp-folder.ts";

/** Tells at the end, on standard error, which packages and which of Node's own modules were loaded. */
const TELL = `
  import { registerHooks } from "node:module";
  const packages = new Set();
  registerHooks({
    load(url, context, nextLoad) {
      const name = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
      if (name) packages.add(name);
      return nextLoad(url, context);
    },
  });
  process.on("exit", () => {
    const node = process.moduleLoadList.map((entry) => entry.split(" ").at(-1));
    process.stderr.write("loaded: " + JSON.stringify({ packages: [...packages], node }) + "\\n");
  });
`;

interface Loaded {
  packages: string[];
  node: string[];
}

/** As the shipped one, but looking for a server at one address only, where nobody is. */
const CONFIG = `
  import { defineConfig } from "vr-gateway";
  import { defaults } from "vr-gateway/plugins/defaults";
  const places = [{ kind: "vllm", baseUrl: "http://127.0.0.1:9/v1" }, { kind: "demo" }];
  export default defineConfig({ plugins: defaults({ upstream: { places } }) });
`;

async function loadedBy(...args: string[]): Promise<Loaded> {
  const tell = join(tempFolder({ "tell.mjs": TELL }), "tell.mjs");
  const command = vr([...args, "--port", "0"], {
    cwd: tempFolder({ "vr.config.ts": CONFIG }),
    node: [process.execPath, "--import", tell],
  });
  await command.listening();
  const { stderr } = await command.stop();
  return JSON.parse(/^loaded: (.*)$/m.exec(stderr)?.[1] ?? "");
}

describe("a start with the plugins of the shipped configuration", () => {
  let loaded: Loaded;
  beforeAll(async () => {
    loaded = await loadedBy("start");
  });

  it("loads those dependencies that it needs, and none of the plugins that are off", () => {
    const direct = Object.keys(manifest.dependencies).filter((name) => loaded.packages.includes(name));
    const needed = ["@koa/router", "content-disposition", "cosmiconfig", "koa", "pino", "tapable", "zod"];
    expect(direct.sort()).toEqual(needed);
  });

  it("loads nothing of what reads other forms of configuration, nor any client", () => {
    const none = [
      "undici",
      "keyv",
      "@keyv/redis",
      "js-yaml",
      "typescript",
      "parse-json",
      "import-fresh",
      "ajv",
    ];
    expect(none.filter((name) => loaded.packages.includes(name))).toEqual([]);
  });

  it("does not make Node load its own HTTP client", () => {
    expect(loaded.node).toContain("http");
    expect(loaded.node.filter((name) => name.includes("undici"))).toEqual([]);
  });
});

it("a start with a model server loads the HTTP client: the list above can tell", async () => {
  const { packages } = await loadedBy("start", "--upstream", "http://127.0.0.1:9/v1");
  expect(packages).toContain("undici");
});
