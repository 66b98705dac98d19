import { existsSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { ask, post } from "../helpers/ask.ts";
import { answer, type ChatServer, createChatServer } from "../helpers/chat-server.ts";
import { vr } from "../helpers/command.ts";
import { olderNode } from "../helpers/older-node.ts";
import { tempConfig, tempFolder } from "../helpers/temp-folder.ts";
import { expectValidError } from "../wire/wire.ts";

/** A port that is in use for as long as the tests run. */
let taken: string;
let holder: Server;
let server: ChatServer;
beforeAll(async () => {
  holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  taken = String((holder.address() as { port: number }).port);
  server = await createChatServer();
});
afterAll(async () => {
  holder?.close();
  await server?.close();
});

describe("vr", () => {
  it.each([["--help"], ["-h"], ["help"], []])("%s shows how it is used", async (...args) => {
    const { code, stdout, stderr } = await vr(args).finished;
    expect(code).toBe(0);
    for (const word of ["vr start", "--port", "VR_PORT", "--config", "VR_LOG_LEVEL"])
      expect(stdout).toContain(word);
    expect(stderr).toBe("");
  });

  it.each(["--version", "-v"])("%s shows the version", async (flag) => {
    expect(await vr([flag]).finished).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  it.each([
    [["stop"], 'there is no command "stop"'],
    [["start", "now"], 'there is no command "start now"'],
    [["start", "--prot", "5"], "--prot"],
    [["start", "--port"], "--port"],
  ])("%j is not understood: exit 2", async (args, what) => {
    const { code, stdout, stderr } = await vr(args).finished;
    expect(code).toBe(2);
    expect(stderr).toContain(what);
    expect(stderr).toContain("vr --help");
    expect(stdout).toBe("");
  });
});

describe("vr start", () => {
  it("without any configuration says where it listens, and that its model is a demo", async () => {
    const command = vr(["start", "--port", "0"], { env: { VR_UPSTREAM_KIND: "demo" } });
    const url = await command.listening();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await ask({ url }, { input: "What is 6 * 7?" })).model).toBe("demo");
    const { code, stdout } = await command.stop();
    expect(code).toBe(0);
    expect(stdout).toContain(`vr ${manifest.version} is listening on ${url}\n`);
    expect(stdout).toMatch(/upstream +demo: the built-in demo model/);
    expect(stdout).toContain("VR_UPSTREAM");
    expect(stdout).toContain("vr.config.ts");
  });

  it("says that a port is in use, and what to do", async () => {
    const { code, stderr, stdout } = await vr(["start", "--port", taken]).finished;
    expect(code).toBe(1);
    expect(stderr).toContain(taken);
    expect(stderr).toContain("--port");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
  });

  it.each([
    [["--port", "many"], {}, "--port"],
    [["--port", "70000"], {}, "--port"],
    [["--upstream", "localhost:8000"], {}, "--upstream"],
    [[], { VR_PORT: "-1" }, "VR_PORT"],
    [[], { VR_UPSTREAM: "ftp://x" }, "VR_UPSTREAM"],
    [["--port", "0"], { VR_LOG_LEVEL: "loud" }, "VR_LOG_LEVEL"],
    [["--port", "0"], { VR_UPSTREAM_KIND: "vlm" }, "VR_UPSTREAM_KIND"],
  ])("%j %j is refused by its name", async (args, env: Record<string, string>, name) => {
    const { code, stderr } = await vr(["start", ...args], { env }).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^vr: ${name} is ".*": expected `));
  });
});

describe("a URL with a password in it", () => {
  const password = "hunter2-hunter2";

  it.each([
    [{ VR_UPSTREAM: `me:${password}@host:8000/v1` }, "VR_UPSTREAM: expected a URL such as"],
    [{ VR_UPSTREAM: `http://me:half/${password}@host/v1` }, "VR_UPSTREAM: expected a URL such as"],
    [
      { VR_UPSTREAM: `http://me:half@${password}@host/v1` },
      "VR_UPSTREAM: credentials belong in VR_UPSTREAM_",
    ],
    [
      { VR_UPSTREAM: `http://:${password}@host/v1` },
      "VR_UPSTREAM: credentials belong in VR_UPSTREAM_API_KEY",
    ],
    [{ VR_UPSTREAM: `http://me:half@${password}@host/v1`, VR_UPSTREAM_KIND: "demo" }, "VR_UPSTREAM_KIND"],
    [
      { VR_UPSTREAM_KIND: "openai", OPENAI_BASE_URL: `me:${password}@host/v1` },
      "OPENAI_BASE_URL: expected a URL such as",
    ],
    [{ VR_REDIS_URL: `http://me:${password}@host` }, "rediss://user:password@host:6380"],
  ])("%j is refused without showing it", async (env: Record<string, string>, message) => {
    const { code, stderr } = await vr(["start", "--port", "0"], { env }).finished;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(password);
    expect(stderr).not.toContain("vr.config");
  });
});

describe("flags are over the environment, which is over the configuration", () => {
  const config = (options: string) => ["--config", tempConfig(`{ plugins: [demo()], ${options} }`)];

  /** The URL that a start with these settings listens on. */
  async function urlOf(args: string[], env: Record<string, string> = {}): Promise<string> {
    const command = vr(["start", ...args], { env });
    const url = await command.listening();
    await command.stop();
    return url;
  }

  // A port in use tells which of the settings counts: that start fails, the others take a free one.
  it("--port over VR_PORT over port", async () => {
    const failing = await vr(["start", ...config(`port: ${taken}`)]).finished;
    expect(failing.stderr).toContain(taken);
    expect(await urlOf(config(`port: ${taken}`), { VR_PORT: "0" })).not.toContain(taken);
    expect((await vr(["start", ...config("port: 0")], { env: { VR_PORT: taken } }).finished).code).toBe(1);
    expect(await urlOf(["--port", "0", ...config(`port: ${taken}`)], { VR_PORT: taken })).toMatch(/:\d+$/);
  });

  it("--host over VR_HOST over host", async () => {
    const own = config('port: 0, host: "127.0.0.2"');
    expect(await urlOf(own)).toMatch(/^http:\/\/127\.0\.0\.2:/);
    expect(await urlOf(own, { VR_HOST: "127.0.0.3" })).toMatch(/^http:\/\/127\.0\.0\.3:/);
    expect(await urlOf([...own, "--host", "127.0.0.4"], { VR_HOST: "127.0.0.3" })).toMatch(/127\.0\.0\.4:/);
    expect(await urlOf(own, { VR_HOST: "" })).toMatch(/^http:\/\/127\.0\.0\.2:/);
  });

  it("--upstream over VR_UPSTREAM over the configured ones", async () => {
    const configured = config("port: 0");
    const banners = [
      [[], {}, /upstream +demo: /],
      [[], { VR_UPSTREAM: server.url }, new RegExp(`upstream .*${server.url}`)],
      [
        ["--upstream", server.url],
        { VR_UPSTREAM: "http://127.0.0.1:1/v1" },
        new RegExp(`upstream .*${server.url}`),
      ],
    ] as const;
    for (const [args, env, expected] of banners) {
      const command = vr(["start", ...configured, ...args], { env });
      await command.listening();
      const { stdout } = await command.stop();
      expect(stdout.match(/^ {2}upstream /gm)).toHaveLength(1);
      expect(stdout).toMatch(expected);
    }
  });

  it("VR_UPSTREAM_API_KEY goes to VR_UPSTREAM, and nowhere else", async () => {
    const env = { VR_UPSTREAM: server.url, VR_UPSTREAM_API_KEY: "key-of-the-upstream\n" };
    const command = vr(["start", "--port", "0"], { env });
    server.reply(answer({ text: "ok" }));
    const count = server.requests.length;
    await ask({ url: await command.listening() }, { model: "m", input: "x" });
    expect((await server.received(count + 1)).headers.authorization).toBe("Bearer key-of-the-upstream");
    const { stdout, stderr } = await command.stop();
    expect(stdout + stderr).not.toContain("key-of-the-upstream");
  });

  it("VR_DB_PATH over the path of the store; what it holds survives a restart", async () => {
    const folder = tempFolder();
    const path = join(folder, "named by VR_DB_PATH.db");
    const other = join(folder, "configured.db");
    const config = tempConfig(`{ plugins: [demo(), storeSqlite({ path: ${JSON.stringify(other)} })] }`);
    const args = ["start", "--port", "0", "--config", config];
    const first = vr(args, { env: { VR_DB_PATH: path } });
    const { id } = await ask({ url: await first.listening() }, { input: "My name is Ada." });
    await first.stop();
    expect([existsSync(path), existsSync(other)]).toEqual([true, false]);
    const second = vr(args, { env: { VR_DB_PATH: path } });
    const body = { input: "What is my name?", previous_response_id: id };
    expect(JSON.stringify(await ask({ url: await second.listening() }, body))).toContain("Your name is Ada.");
    await second.stop();
  });

  it("VR_LOG_LEVEL over logLevel", async () => {
    const levels = async (options: string, env: Record<string, string>) => {
      const talker = `definePlugin({ name: "talker", setup(vr) {
        for (const level of ["debug", "info", "warn", "error"]) vr.log[level]({}, "said as " + level);
      } })()`;
      const config = tempConfig(`{ plugins: [demo(), ${talker}], ${options} }`);
      const command = vr(["start", "--port", "0", "--config", config], { env });
      await command.listening();
      const { code, stderr } = await command.stop();
      expect(code).toBe(0);
      return [...stderr.matchAll(/said as (\w+)/g)].map((match) => match[1]);
    };
    expect(await levels("", {})).toEqual(["info", "warn", "error"]);
    expect(await levels('logLevel: "warn"', {})).toEqual(["warn", "error"]);
    expect(await levels('logLevel: "warn"', { VR_LOG_LEVEL: "debug" })).toHaveLength(4);
    expect(await levels('logLevel: "debug"', { VR_LOG_LEVEL: "silent" })).toEqual([]);
  });
});

describe("the configuration", () => {
  const plain = 'import { defineConfig } from "vr-gateway";\nexport default defineConfig({ plugins: [] });\n';

  it("is the vr.config.ts of the folder, or of the nearest one above in its project", async () => {
    const folder = tempFolder({ "vr.config.ts": plain, "package.json": "{}", "a/b/note.txt": "" });
    for (const cwd of [folder, join(folder, "a/b")]) {
      const command = vr(["start", "--port", "0"], { cwd });
      await command.listening();
      expect((await command.stop()).stdout).toContain(join(folder, "vr.config.ts"));
    }
  });

  it("is never one from outside of the project, which others may have put there", async () => {
    const folder = tempFolder({
      "vr.config.ts": plain,
      "no-project/note.txt": "",
      "project/package.json": "{}",
    });
    for (const inner of ["no-project", "project"]) {
      const command = vr(["start", "--port", "0"], { cwd: join(folder, inner) });
      await command.listening();
      expect((await command.stop()).stdout).not.toContain(join(folder, "vr.config.ts"));
    }
  });

  it("is a TypeScript or JavaScript file, nothing else", async () => {
    const folder = tempFolder({ "vr.yaml": "plugins: []" });
    const command = vr(["start", "--port", "0", "--config", "vr.yaml"], { cwd: folder });
    const { code, stderr } = await command.finished;
    expect(code).toBe(1);
    expect(stderr).toContain("vr.yaml: a configuration is a .ts, .mts, .js or .mjs file");
  });

  it("is what --config names instead, relative to the working directory", async () => {
    const folder = tempFolder({ "vr.config.ts": "export default 5", "other.ts": plain });
    const command = vr(["start", "--port", "0", "--config", "other.ts"], { cwd: folder });
    await command.listening();
    expect((await command.stop()).stdout).toContain(join(folder, "other.ts"));
  });

  it("may be JavaScript", async () => {
    const folder = tempFolder({ "vr.config.mjs": plain });
    const command = vr(["start", "--port", "0"], { cwd: folder });
    await command.listening();
    await command.stop();
  });

  it("survives a promise that a plugin rejects and nobody awaits, and logs it", async () => {
    const stray = `{ name: "stray", setup(vr) { vr.router.get("/stray", (ctx) => {
      void Promise.reject(new Error("left alone"));
      ctx.body = "ok";
    }); } }`;
    const command = vr(["start", "--port", "0", "--config", tempConfig(`{ plugins: [demo(), ${stray}] }`)]);
    const url = await command.listening();
    expect((await fetch(`${url}/stray`)).status).toBe(200);
    expect((await post({ url }, { input: "still there?" })).status).toBe(200);
    const { code, stderr } = await command.stop();
    expect(code).toBe(0);
    expect(stderr).toContain("left alone");
  });

  // `npm install` in an empty folder writes the one package.json, `npm init` the other.
  it.each(["{}", '{ "type": "commonjs" }'])("is a module whatever %s says", async (manifest) => {
    const folder = tempFolder({
      "package.json": manifest,
      "vr.config.ts": `
        import { defineConfig } from "vr-gateway";
        import { greet } from "./greet.ts";
        export default defineConfig({ plugins: [greet()] });
      `,
      "greet.ts": `
        import { definePlugin, type Vr } from "vr-gateway";
        export const greet = definePlugin({
          name: "greet",
          setup: (vr: Vr) => void vr.router.get("/greet", (ctx) => { ctx.body = "hello"; }),
        });
      `,
    });
    const command = vr(["start", "--port", "0"], { cwd: folder });
    expect(await (await fetch(`${await command.listening()}/greet`)).text()).toBe("hello");
    expect((await command.stop()).stderr).toBe("");
  });

  it("lends its zod to a plugin that has none of its own", async () => {
    const folder = tempFolder({
      "vr.config.ts": `
        import { defineConfig, definePlugin } from "vr-gateway";
        import { demo } from "vr-gateway/plugins/demo";
        import { z } from "zod";
        const greet = definePlugin({
          name: "greet",
          options: z.object({ word: z.string() }),
          setup: (vr, { word }) => void vr.router.get("/greet", (ctx) => { ctx.body = word; }),
        });
        export default defineConfig({ plugins: [demo(), greet({ word: "hello" })] });
      `,
    });
    const command = vr(["start", "--port", "0"], { cwd: folder });
    expect(await (await fetch(`${await command.listening()}/greet`)).text()).toBe("hello");
    await command.stop();
  });

  it("shares one core with the plugins beside it, in files of their own", async () => {
    const folder = tempFolder({
      "vr.config.ts": `
        import { defineConfig, definePlugin, VrError } from "vr-gateway";
        import { demo } from "vr-gateway/plugins/demo";
        import * as core from "./plugins/refuse.ts";
        if (core.VrError !== VrError || core.definePlugin !== definePlugin) throw new Error("two cores");
        export default defineConfig({ plugins: [core.refuse(), demo()] });
      `,
      "plugins/refuse.ts": `
        import { type Plugin, definePlugin, isVrError, VrError } from "vr-gateway";
        export { definePlugin, VrError };
        class Teapot extends VrError {
          constructor() {
            super(418, "invalid_request_error", "I am a teapot.", { code: "teapot" });
          }
        }
        export const refuse: () => Plugin = definePlugin({
          name: "refuse",
          setup(vr) {
            vr.router.get("/core", async (ctx) => {
              try {
                await vr.hooks.beforeUpstream.tap("no function" as never);
                ctx.body = "taken";
              } catch (error) {
                // Thrown by the core that runs: is it of the class that was imported here?
                ctx.body = { same: error instanceof VrError, branded: isVrError(error) };
              }
            });
            vr.hooks.beforeUpstream.tap((request) => {
              if (JSON.stringify(request.items).includes("coffee")) throw new Teapot();
            });
          },
        });
      `,
    });
    const command = vr(["start", "--port", "0"], { cwd: folder });
    const url = await command.listening();
    const refused = await post({ url }, { input: "coffee, please" });
    expect(refused.status).toBe(418);
    expect(expectValidError(await refused.json()).error.code).toBe("teapot");
    expect((await post({ url }, { input: "tea, please" })).status).toBe(200);
    await command.stop();
  });
});

describe.concurrent("a configuration that cannot be used names file, line and option", () => {
  const define = (text: string) => `import { defineConfig, definePlugin } from "vr-gateway";\n${text}`;
  const sqlite = 'import { storeSqlite } from "vr-gateway/plugins/store-sqlite";\n';
  const demo = 'import { demo } from "vr-gateway/plugins/demo";\n';
  const boom = `definePlugin({\n  name: "boom",\n  setup() { throw new Error("no luck"); },\n})()`;

  const cases: [what: string, text: string, expected: string][] = [
    [
      "a syntax error",
      define("export default defineConfig({\n  plugins: [],\n  port: = 5,\n});"),
      "vr.config.ts:4: syntax error: ",
    ],
    [
      "no default export",
      define("export const config = defineConfig({ plugins: [] });"),
      "vr.config.ts: no default export; write: export default defineConfig(",
    ],
    [
      "a member of defaults that there is not",
      define(
        'import { defaults } from "vr-gateway/plugins/defaults";\nexport default defineConfig({\n  plugins: [\n    ...defaults({\n      loger: {},\n    }),\n  ],\n});',
      ),
      'vr.config.ts:6: defaults: Unrecognized key: "loger"; there are upstream, store,',
    ],
    [
      "a plugin twice",
      define(`${sqlite}export default defineConfig({\n  plugins: [storeSqlite(), storeSqlite()],\n});`),
      'vr.config.ts:4: config: plugins[1]: "store-sqlite" is plugins[0] already',
    ],
    [
      "a hook that there is not",
      define(
        'export default defineConfig({ plugins: [{ name: "guard", setup: (vr) => vr.hooks.onChunks.tap(() => {}) }] });',
      ),
      'plugin "guard" uses the hook "onChunks", which does not exist; there are beforeUpstream, onChunk,',
    ],
    ["a default export that is no object", 'export default "hello";', "vr.config.ts: config: "],
    ["no plugins", define("export default defineConfig({\n  port: 0,\n});"), "config: plugins: "],
    [
      "an unknown option",
      define("export default defineConfig({\n  plugins: [],\n  prot: 5,\n});"),
      'vr.config.ts:4: config: Unrecognized key: "prot"',
    ],
    [
      "an unknown nested option",
      define("export default defineConfig({\n  plugins: [],\n  limits: {\n    maxTruns: 5,\n  },\n});"),
      'vr.config.ts:5: config: limits: Unrecognized key: "maxTruns"',
    ],
    [
      "a nested option of the wrong type",
      define('export default defineConfig({\n  plugins: [],\n  limits: {\n    maxTurns: "many",\n  },\n});'),
      "vr.config.ts:5: config: limits.maxTurns: ",
    ],
    [
      "the same without defineConfig",
      "export default {\n  plugins: [],\n  timeouts: {\n    drainMs: -1 },\n};",
      "vr.config.ts:4: config: timeouts.drainMs: ",
    ],
    [
      "a wrong option of a plugin",
      define(
        `${sqlite}export default defineConfig({\n  plugins: [\n    storeSqlite({\n      path: 5,\n    }),\n  ],\n});`,
      ),
      'vr.config.ts:6: plugin "store-sqlite": path: ',
    ],
    [
      "an unknown option of a plugin",
      define(
        `${demo}export default defineConfig({\n  plugins: [\n    demo({\n      delay: 5,\n    }),\n  ],\n});`,
      ),
      'vr.config.ts:6: plugin "demo": Unrecognized key: "delay"',
    ],
    [
      "a plugin that was not called",
      define(`${demo}export default defineConfig({\n  plugins: [demo],\n});`),
      "vr.config.ts:4: config: plugins[0]: not a plugin",
    ],
    [
      "a plugin that is none",
      define(`${demo}export default defineConfig({\n  plugins: [demo(), null],\n});`),
      "vr.config.ts:4: config: plugins[1]: not a plugin",
    ],
    [
      "a plugin that throws in setup",
      define(`export default defineConfig({ plugins: [${boom}] });`),
      'vr.config.ts: plugin "boom" failed to set up: no luck (vr.config.ts:4)',
    ],
    [
      "two stores",
      define(
        `${sqlite}import { storeKeyv } from "vr-gateway/plugins/store-keyv";\nexport default defineConfig({ plugins: [storeSqlite(), storeKeyv()] });`,
      ),
      'vr.config.ts: plugin "store-keyv" sets a store, but "store-sqlite" has set one already',
    ],
    [
      "a plugin of vr that does not exist",
      define('import { x } from "vr-gateway/plugins/nothing";\nexport default x;'),
      'vr.config.ts:2: there is no "vr-gateway/plugins/nothing"',
    ],
    [
      "a package that is not installed",
      define('\nimport x from "no-such-package";\nexport default x;'),
      "vr.config.ts:3: Cannot find package 'no-such-package'",
    ],
    [
      "a file that does not exist",
      define('import x from "./plugins/mine.ts";\nexport default x;'),
      "vr.config.ts:2: Cannot find module",
    ],
    ["an error of its own", define('throw new Error("not today");'), "vr.config.ts:2: not today"],
  ];

  it.each(cases)("%s", async (_, text, expected) => {
    const cwd = tempFolder({ "vr.config.ts": text });
    const { code, stdout, stderr } = await vr(["start", "--port", "0"], { cwd }).finished;
    expect(stderr).toContain(`vr: `);
    expect(stderr).toContain(expected);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    // A message, not a stack.
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it("a file that is not there", async () => {
    const { code, stderr } = await vr(["start", "--config", "nowhere.ts"], { cwd: tempFolder() }).finished;
    expect(stderr).toBe("vr: nowhere.ts: this configuration file does not exist\n");
    expect(code).toBe(1);
  });

  it.each([
    ["throws in setup", "(undefined as any).tap()", "failed to set up: .*tap.*"],
    ["uses what vr does not have", "(vr as any).hooks.nothing.tap()", 'uses the hook "nothing", .*'],
  ])("a plugin in a file of its own that %s names that file", async (_, source, said) => {
    const cwd = tempFolder({
      "vr.config.ts": define(
        'import { mine } from "./plugins/mine.ts";\nexport default defineConfig({ plugins: [mine()] });',
      ),
      "plugins/mine.ts": define(
        `export const mine = definePlugin({\n  name: "mine",\n  setup: (vr) => void ${source},\n});`,
      ),
    });
    const { stderr } = await vr(["start", "--port", "0"], { cwd }).finished;
    expect(stderr).toMatch(
      new RegExp(`^vr: vr\\.config\\.ts: plugin "mine" ${said} \\(plugins/mine\\.ts:4\\)\\n$`),
    );
  });
});

describe("an older Node", () => {
  const older = olderNode();
  const pretend =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.0" } });';
  const cases: [what: string, node: string, args: string[]][] = [
    [
      "this one, when it says that it is 20.11.0",
      process.execPath,
      ["--import", `data:text/javascript,${pretend}`],
    ],
    ...(older ? [[older, older, []] as [string, string, string[]]] : []),
  ];

  it.each(cases)("%s is told in one line what it lacks", async (_, node, args) => {
    const source = readFileSync(new URL("../../core/cli.ts", import.meta.url), "utf8");
    // As the build makes it: without types.
    const folder = tempFolder({ "cli.mjs": stripTypeScriptTypes(source) });
    const run = vr(["start"], { node: [node, ...args], script: join(folder, "cli.mjs") });
    const { code, stdout, stderr } = await run.finished;
    expect(stderr).toMatch(/^vr needs Node 24 or newer, and this is \d+\.\d+\.\d+: [^\n]+\n$/);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });
});
