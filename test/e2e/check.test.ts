import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CheckReport } from "../../core/cli-check-report.ts";
import { help as writeHelp } from "../../core/cli-help.ts";
import manifest from "../../package.json" with { type: "json" };
import { type ChatServer, createChatServer, json, plain } from "../helpers/chat-server.ts";
import { checkInProcess } from "../helpers/check-in-process.ts";
import { type CommandOptions, type Finished, vr } from "../helpers/command.ts";
import { tempConfig, tempFolder } from "../helpers/temp-folder.ts";

let server: ChatServer;
beforeAll(async () => {
  server = await createChatServer();
});
beforeEach(() => server.replyModels(json({ object: "list", data: [{ id: "model-a" }, { id: "model-b" }] })));
afterAll(() => server?.close());

type Check = (args: readonly string[], options?: CommandOptions) => Promise<Finished>;

const check: Check = checkInProcess;

/** As users start it, where the process itself matters: its streams, its end, its exit code. */
const checkAlone: Check = (args, options) => vr(["check", ...args], options).finished;

/** Without a configuration: the demo, whatever runs on this machine. */
const demo = { VR_UPSTREAM_KIND: "demo" };

/** A check with `--json`, of which nothing but the document may be on standard output. */
async function report(args: readonly string[], options: CommandOptions = {}, run = check) {
  const finished = await run(["--json", ...args], options);
  const document: CheckReport = JSON.parse(finished.stdout);
  expect(finished.code).toBe(document.ok ? 0 : 1);
  expect(document.ok).toBe(document.problems.length === 0);
  return { ...document, code: finished.code, stderr: finished.stderr };
}

const upstream = (more = "", url = server.url) =>
  `openaiCompatible({ name: "vllm", baseUrl: ${JSON.stringify(url)}, ${more} })`;
const configOf = (...plugins: string[]) => ["--config", tempConfig(`{ plugins: [${plugins.join(", ")}] }`)];

describe("vr check, when all is well", () => {
  it("tries the shipped configuration, which needs nothing", async () => {
    const { code, stdout, stderr } = await checkAlone([], { cwd: tempFolder(), env: demo });
    expect(code).toBe(0);
    expect(stdout).toContain(`vr ${manifest.version}\n`);
    expect(stdout).toMatch(/^ok +config +\S+vr\.config\.ts$/m);
    expect(stdout).toMatch(/^ +plugins +find-server, store-sqlite, code-interpreter, mcp, logger$/m);
    expect(stdout).toMatch(/^ +tap +onComplete +logger +onError: fail$/m);
    expect(stdout).toMatch(/^ok +store +sqlite$/m);
    expect(stdout).toMatch(/^ok +upstream +demo +the built-in demo model/m);
    expect(stdout).toMatch(/^ok +needs +code-interpreter +Python in WebAssembly.*$/m);
    expect(stdout).toMatch(/\nAll is well\.\n$/);
    expect(stderr).toBe("");
  });

  it("lists an upstream's models, marks the one that requests without a model get, and its quirks", async () => {
    const { code, stdout } = await check(configOf(upstream('model: "model-b"'), "storeSqlite()"));
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ok +upstream +vllm +chat completions at ${server.url}$`, "m"));
    expect(stdout).toMatch(/^ +models +model-a, model-b \(default\)$/m);
    expect(stdout).toMatch(/^ +quirks +developerRole=system /m);
  });

  it("puts the details of a thing in one column, however long their names are", async () => {
    const sandbox = `definePlugin({
      name: "sandbox",
      setup: (vr) =>
        vr.dependencies.add({
          name: "sandbox",
          description: "a test's",
          check: () => ({ python: "3.14", codeFromStrings: "disallowed", words: "one\\ntwo" }),
        }),
    })()`;
    const { stdout } = await check(configOf("demo()", "storeSqlite()", sandbox));
    expect(stdout).toContain(
      `${[
        "                 python           3.14",
        "                 codeFromStrings  disallowed",
        "                 words            one",
        "                                  two",
      ].join("\n")}\n`,
    );
  });

  it("names the first of many models, and counts the others", async () => {
    server.replyModels(json({ data: Array.from({ length: 40 }, (_, i) => ({ id: `m-${i}` })) }));
    const { stdout } = await check(configOf(upstream()));
    expect(stdout).toMatch(/models +m-0 \(default\), m-1, .* and 28 more$/m);
  });

  it("takes --upstream and VR_UPSTREAM in the place of what is configured, as vr start does", async () => {
    const config = configOf("demo()", "storeSqlite()");
    const [flag, variable] = await Promise.all([
      report([...config, "--upstream", server.url]),
      report(config, { env: { VR_UPSTREAM: server.url } }),
    ]);
    for (const { upstreams } of [flag, variable])
      expect(upstreams.map(({ name, ok }) => [name, ok])).toEqual([["openai-compatible", true]]);
  });

  it("does not listen: a gateway may run beside it", async () => {
    const running = vr(["start", "--port", "0"], { env: demo });
    const { port } = new URL(await running.listening());
    expect((await checkAlone([], { env: { ...demo, VR_PORT: port } })).code).toBe(0);
    await running.stop();
  });
});

describe("vr check --json", () => {
  it("has everything that plugins registered", async () => {
    const plugin = `definePlugin({ name: "mine", setup(vr) {
      vr.hooks.beforeUpstream.tap({ name: "second look", onError: "warn" }, () => {});
      vr.hooks.onToolCall.tap(() => {});
      const tool = { description: "", parameters: { type: "object" }, execute: () => ({ kind: "output", output: "" }) };
      vr.tools.add({ ...tool, name: "open" });
      vr.tools.add({ ...tool, name: "on_request", label: "desk" }, { offer: "request" });
      vr.tools.kind({ type: "web_search", resolve: () => ({ tools: [] }) });
    } })()`;
    const config = configOf(upstream('quirks: { images: "none" }'), plugin, "storeSqlite()");
    const { code, stderr, ...document } = await report(config);
    expect(document).toEqual({
      ok: true,
      version: manifest.version,
      config: config[1],
      settings: expect.arrayContaining([
        { name: "VR_PORT", plugins: [], help: expect.any(String), set: false },
        { name: "VR_REDIS_URL", plugins: ["store-keyv"], help: expect.any(String), set: false },
        { name: "VR_DB_PATH", plugins: ["store-sqlite"], help: expect.any(String), set: true },
      ]),
      plugins: ["upstream-openai-compatible", "mine", "store-sqlite"],
      taps: [
        { plugin: "mine", name: "mine/second look", hook: "beforeUpstream", onError: "warn" },
        { plugin: "mine", name: "mine", hook: "onToolCall", onError: "fail" },
      ],
      toolKinds: [{ type: "web_search", plugin: "mine" }],
      tools: [
        { name: "open", plugin: "mine", label: "mine", offer: "always" },
        { name: "on_request", plugin: "mine", label: "desk", offer: "request" },
      ],
      store: { name: "sqlite", ok: true, details: { path: ":memory:", ttlDays: 30 } },
      upstreams: [
        {
          name: "vllm",
          description: `chat completions at ${server.url}`,
          ok: true,
          models: ["model-a", "model-b"],
          defaultModel: "model-a",
          details: {
            baseUrl: server.url,
            api: "chat",
            quirks: expect.objectContaining({ images: "none", developerRole: "system" }),
          },
        },
      ],
      dependencies: [],
      routes: [],
      problems: [],
      warnings: [],
    });
  });

  it("lists the settings that vr --help lists, set or not", async () => {
    const config = tempConfig("{ plugins: [...defaults({ upstream: false }), demo()] }");
    const [{ settings }, { stdout: text }] = await Promise.all([
      report(["--config", config]),
      check(["--config", config]),
    ]);
    const help: string[] = [];
    await writeHelp((part) => help.push(part), config, 120_000);
    const named = new Set(help.join("").match(/\bVR_[A-Z_]+/g));
    expect(new Set(settings.map(({ name }) => name))).toEqual(named);
    for (const { name, set } of settings)
      expect(text).toMatch(new RegExp(`^ +setting +${name} +${set ? "set" : "not set"}\\b`, "m"));
  });

  it("calls a wrong variable of a plugin a problem of the settings", async () => {
    const { code, problems, settings } = await report([], { env: { ...demo, VR_JUPYTER_URL: "here" } });
    expect(code).toBe(1);
    expect(problems).toEqual([
      {
        subject: "settings",
        message: 'VR_JUPYTER_URL is "here": expected a URL such as http://127.0.0.1:8888',
      },
    ]);
    expect(settings.find(({ name }) => name === "VR_JUPYTER_URL")?.set).toBe(true);
  });

  it("has the routes, and says when --upstream has taken the place of their targets", async () => {
    const routes = `[{ model: ["fast", "llama-*"], to: { upstream: "vllm", model: "model-a" } }]`;
    const config = ["--config", tempConfig(`{ plugins: [${upstream()}, storeSqlite()], routes: ${routes} }`)];
    const route = {
      model: ["fast", "llama-*"],
      to: [{ upstream: "vllm", model: "model-a", weight: 1 }],
      fallbacks: [],
    };
    expect(await report(config)).toMatchObject({ ok: true, routes: [route], warnings: [] });
    expect((await check(config)).stdout).toMatch(/^ +route +fast, llama-\* → vllm as model-a$/m);
    const replaced = await report([...config, "--upstream", server.url]);
    expect(replaced).toMatchObject({ ok: true, routes: [], warnings: [{ subject: "config" }] });
  });

  it("has what find-server found, and why", async () => {
    const place = `{ kind: "vllm", baseUrl: ${JSON.stringify(server.url)} }`;
    const cwd = tempFolder({
      "vr.config.ts": `
        import { defineConfig } from "vr-gateway";
        import { findServer } from "vr-gateway/plugins/find-server";
        export default defineConfig({ plugins: [findServer({ places: [${place}] })] });
      `,
    });
    const { upstreams } = await report([], { cwd });
    expect(upstreams).toMatchObject([{ ok: true, models: ["model-a", "model-b"], details: { api: "chat" } }]);
    const { stdout } = await check([], { cwd });
    expect(stdout).toMatch(/^ok +upstream +\S+ +chat completions at \S+\n {17}found running; /m);
  });

  it("keeps standard output to itself, whatever configuration and plugins print", async () => {
    const cwd = tempFolder({
      "vr.config.ts": `
        import { defineConfig } from "vr-gateway";
        import { demo } from "vr-gateway/plugins/demo";
        console.log("hello from the configuration");
        const chatty = { name: "chatty", setup: () => void process.stdout.write("hello from a plugin\\n") };
        export default defineConfig({ plugins: [demo(), chatty] });
      `,
    });
    const { ok, stderr } = await report([], { cwd }, checkAlone);
    expect(ok).toBe(true);
    expect(stderr).toBe("hello from the configuration\nhello from a plugin\n");
  });

  it("examines what plugins depend on; one that fails is a problem of its own", async () => {
    const plugin = `{ name: "mine", setup: (vr) => {
      const check = () => { throw new Error("never asked"); };
      vr.dependencies.add({ name: "sandbox", description: "a sandbox", check, examine: () => ({ network: "none" }) });
      vr.dependencies.add({ name: "kernels", description: "kernels", check: () => Promise.reject(new Error("is down")) });
    } }`;
    const config = configOf(upstream(), plugin, "storeSqlite()");
    const { code, dependencies, problems } = await report(config);
    expect(code).toBe(1);
    expect(dependencies).toEqual([
      { name: "sandbox", description: "a sandbox", ok: true, details: { network: "none" } },
      { name: "kernels", description: "kernels", ok: false, error: "is down", reason: "failed" },
    ]);
    expect(problems).toEqual([{ subject: "dependency", name: "kernels", message: "is down" }]);
    const { stdout } = await check(config);
    expect(stdout).toMatch(/^ok +needs +sandbox {2}a sandbox\n +network +none$/m);
    expect(stdout).toMatch(/^FAIL +needs +kernels {2}kernels {2}is down$/m);
    expect(stdout).toMatch(/\n1 problem\.\n$/);
  });

  it("has the same keys when nothing could be loaded", async () => {
    const { code, stderr, ...document } = await report(["--config", "nowhere.ts"], { cwd: tempFolder() });
    expect(document).toEqual({
      ok: false,
      version: manifest.version,
      config: null,
      settings: [],
      plugins: [],
      taps: [],
      toolKinds: [],
      tools: [],
      store: null,
      upstreams: [],
      dependencies: [],
      routes: [],
      problems: [{ subject: "config", message: "nowhere.ts: this configuration file does not exist" }],
      warnings: [],
    });
  });
});

describe("an upstream that does not answer as it should: exit 1", () => {
  it("nobody listens there", async () => {
    const { code, stdout } = await check(configOf(upstream("", "http://127.0.0.1:9/v1")));
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^FAIL +upstream +vllm +chat completions at http:\/\/127\.0\.0\.1:9\/v1 .* cannot be reached \(ECONNREFUSED\)$/m,
    );
    expect(stdout).toMatch(/\n1 problem\.\n$/);
  });

  it.each([401, 403])("it refuses the key with %i, which is said apart", async (status) => {
    server.replyModels(json({ error: { message: "no such key" } }, status));
    const { upstreams, problems } = await report(configOf(upstream('apiKey: "wrong-key"')));
    expect(upstreams[0]).toMatchObject({ name: "vllm", ok: false, reason: "unauthorized", models: [] });
    expect(upstreams[0]?.error).toContain(`refuses the key (${status}): `);
    expect(problems).toEqual([{ subject: "upstream", name: "vllm", message: upstreams[0]?.error }]);
  });

  it("it is silent, which is told after --timeout", async () => {
    server.replyModels(() => {});
    const { upstreams } = await report(["--timeout", "150", ...configOf(upstream())]);
    expect(upstreams[0]).toMatchObject({
      ok: false,
      reason: "timeout",
      error: "has not answered within 150 ms",
    });
  });

  it("it does not know the path of the models, and so no model of requests that name none", async () => {
    server.replyModels(json({ error: { message: "no such path" } }, 404));
    const { upstreams } = await report(configOf(upstream()));
    expect(upstreams[0]).toMatchObject({ ok: false, reason: "failed" });
    expect(upstreams[0]?.error).toMatch(/404: no such path; is the path of its URL right\?$/);
  });

  it("it fails, lists nothing, or lists what cannot be read", async () => {
    const answers = [
      [json({ error: { message: "out of order" } }, 500), /500: out of order/],
      [json({ data: [] }), /lists no model/],
      [plain("<html>hello</html>"), /list of models cannot be read/],
    ] as const;
    for (const [script, expected] of answers) {
      server.replyModels(script);
      const { upstreams } = await report(configOf(upstream()));
      expect(upstreams[0]).toMatchObject({ ok: false, reason: "failed" });
      expect(upstreams[0]?.error).toMatch(expected);
    }
  });

  it("there is none", async () => {
    const { code, stdout } = await check(configOf("storeSqlite()"));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL +upstream +none: add one to the configuration, or set VR_UPSTREAM$/m);
  });

  it("one of two is down: the other is shown as well", async () => {
    const down = `openaiCompatible({ name: "spare", baseUrl: "http://127.0.0.1:9" })`;
    const { upstreams, problems } = await report(configOf(upstream(), down));
    expect(upstreams.map(({ name, ok, reason }) => [name, ok, reason])).toEqual([
      ["vllm", true, undefined],
      ["spare", false, "unreachable"],
    ]);
    expect(problems.map(({ name }) => name)).toEqual(["spare"]);
  });
});

describe("what may be meant so is a warning: exit 0", () => {
  it.each([
    [
      "the configured model is not listed",
      json({ data: [{ id: "a" }] }),
      'its model "mine" is not among those',
    ],
    ["a server without a list, but a configured model", json({}, 404), "cannot list its models: "],
  ])("%s", async (_, script, expected) => {
    server.replyModels(script);
    const config = configOf(upstream('model: "mine"'), "storeSqlite()");
    const { ok, warnings, upstreams } = await report(config);
    expect(ok).toBe(true);
    expect(upstreams[0]?.defaultModel).toBe("mine");
    expect(warnings).toEqual([
      { subject: "upstream", name: "vllm", message: expect.stringContaining(expected) },
    ]);
    expect((await check(config)).stdout).toMatch(/^warn +upstream +vllm /m);
  });

  it("no store", async () => {
    const { ok, warnings } = await report(configOf("demo()"));
    expect(ok).toBe(true);
    expect(warnings).toEqual([
      { subject: "store", message: expect.stringContaining("previous_response_id") },
    ]);
  });
});

describe("a configuration that cannot be used: exit 1, with file, line and option as from vr start", () => {
  it("a wrong option", async () => {
    const cwd = tempFolder({
      "vr.config.ts":
        'import { defineConfig } from "vr-gateway";\nexport default defineConfig({\n  plugins: [],\n  prot: 5,\n});',
    });
    const { code, stdout } = await check([], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL +config +vr\.config\.ts:4: config: Unrecognized key: "prot"$/m);
  });

  it("a plugin whose set-up throws; what was set up before it is closed", async () => {
    const folder = tempFolder();
    const mark = join(folder, "closed");
    const first = `{ name: "first", setup: (vr) => vr.onClose(() => process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(mark)}, "")) }`;
    const boom = `{ name: "boom", setup() { throw new Error("no luck"); } }`;
    const { problems, plugins } = await report(configOf(first, boom));
    expect(plugins).toEqual(["first", "boom"]);
    expect(problems).toEqual([
      {
        subject: "plugin",
        name: "boom",
        message: expect.stringMatching(/plugin "boom" failed to set up: no luck \(.*vr\.config\.ts:\d+\)$/),
      },
    ]);
    expect(existsSync(mark)).toBe(true);
  });

  it("a plugin whose set-up never ends", async () => {
    const stuck = `{ name: "stuck", setup: () => new Promise(() => {}) }`;
    const { problems } = await report(["--timeout", "200", ...configOf(stuck)]);
    expect(problems).toMatchObject([{ subject: "plugin", name: "stuck" }]);
    expect(problems[0]?.message).toContain('plugin "stuck" has not been set up within 200 ms');
  });

  it("a plugin whose start never ends", async () => {
    const stuck = `{ name: "stuck", setup: (vr) => vr.onReady(() => new Promise(() => {})) }`;
    const { problems } = await report(["--timeout", "200", ...configOf("demo()", stuck)]);
    expect(problems).toMatchObject([{ subject: "plugin", name: "stuck" }]);
    expect(problems[0]?.message).toContain('plugin "stuck" has not started within 200 ms');
  });

  it("a configuration that never ends to load", async () => {
    const text = "setInterval(() => {}, 1000);\nawait new Promise(() => {});\nexport default {};\n";
    const cwd = tempFolder({ "vr.config.ts": text });
    const { problems } = await report(["--timeout", "200"], { cwd }, checkAlone);
    expect(problems).toEqual([{ subject: "config", message: "it has not loaded within 200 ms" }]);
  });

  it("a store whose file cannot be opened", async () => {
    const folder = tempFolder({ "a-file": "" });
    const path = join(folder, "a-file", "vr.db");
    const { problems } = await report(configOf("demo()", "storeSqlite()"), { env: { VR_DB_PATH: path } });
    expect(problems).toMatchObject([{ subject: "plugin", name: "store-sqlite" }]);
    expect(problems[0]?.message).toContain(path);
    expect(problems[0]?.message).toContain("VR_DB_PATH");
  });

  it("a wrong setting", async () => {
    const { problems } = await report([], { env: { VR_PORT: "many" } });
    expect(problems).toEqual([{ subject: "settings", message: expect.stringMatching(/^VR_PORT is "many"/) }]);
  });
});

describe("a store that was set up and does not work", () => {
  const store = (checks: string) => `{ name: "mine", setup: (vr) => vr.stores.use({
    name: "mine", putResponse() {}, getResponse() {}, getHistory() {}, deleteResponse: () => false,
    check: ${checks} }) }`;

  it("is a problem, with what is at the bottom of it", async () => {
    const failing = store(
      `() => { throw new Error("cannot reach it", { cause: Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" }) }); }`,
    );
    const { problems, store: found } = await report(configOf("demo()", failing));
    const error = "cannot reach it (connect ECONNREFUSED 127.0.0.1:9)";
    expect(found).toEqual({ name: "mine", ok: false, error, reason: "unreachable" });
    expect(problems).toEqual([{ subject: "store", name: "mine", message: error }]);
  });

  it("is one as well when it never answers", async () => {
    const config = configOf("demo()", store("() => new Promise(() => {})"));
    const { store: found } = await report(["--timeout", "150", ...config]);
    expect(found).toMatchObject({ ok: false, reason: "timeout", error: "has not answered within 150 ms" });
  });
});

describe("vr check", () => {
  it("ends, whatever plugins leave running, and tells what failed unheard", async () => {
    const lingering = `{ name: "lingering", setup: () => { setInterval(() => {}, 1000); } }`;
    const stray = `{ name: "stray", setup: () => void Promise.reject(new Error("left alone")) }`;
    expect((await checkAlone(configOf("demo()", lingering))).code).toBe(0);
    const { problems } = await report(configOf("demo()", stray), {}, checkAlone);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining("left alone")]);
  });

  it("shows no secret, wherever it stands", async () => {
    const secrets = ["key-in-options", "key-in-headers", "key-in-variable", "word-in-url", "key-in-details"];
    server.replyModels(({ request, response }) => {
      const told = `no: ${request.headers.authorization} ${request.headers["x-secret"]} key-in-variable`;
      response.writeHead(401).end(JSON.stringify({ error: { message: told } }));
    });
    const open = upstream('apiKey: "key-in-options", headers: { "x-secret": "key-in-headers" }');
    const leaky = `{ name: "leaky", setup: (vr) => vr.upstreams.add({
      name: "leaky", description: "at redis://user:word-in-url@127.0.0.1/0",
      details: { apiKey: "key-in-details", headers: { a: "key-in-details" }, url: "http://u:word-in-url@h/" },
      models: async () => { throw new Error("cannot reach http://:word-in-url@127.0.0.1"); },
      defaultModel: () => "x", check: async () => { throw new Error("Bearer key-in-details key-in-variable"); } }) }`;
    const env = { MY_API_KEY: "key-in-variable" };
    const config = configOf(open, leaky);
    const written = await Promise.all([
      checkAlone(config, { env }),
      checkAlone(["--json", ...config], { env }),
      checkAlone(["--upstream", "ftp://user:word-in-url@127.0.0.1/"], { env }),
      checkAlone(["--upstream", "http://user:word-in-url@127.0.0.1/"], { env }),
      checkAlone(["--json"], {
        env: { ...env, VR_UPSTREAM: server.url, VR_UPSTREAM_API_KEY: "key-in-options" },
      }),
    ]);
    for (const { code, stdout, stderr } of written) {
      expect(code).toBe(1);
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
    expect(written[0]?.stdout).toContain("refuses the key (401)");
  });

  it.each([
    [["extra"], 'there is no command "check extra"'],
    [["--port", "5"], '"vr check" has no option --port'],
    [["--jsno"], "--jsno"],
    [["--timeout", "soon"], '--timeout is "soon": expected milliseconds'],
    [["--timeout", "0"], "--timeout"],
  ])("%j is not understood: exit 2", async (args, what) => {
    const { code, stdout, stderr } = await checkAlone(args);
    expect(code).toBe(2);
    expect(stderr).toContain(what);
    expect(stderr).toContain('Try "vr --help"');
    expect(stdout).toBe("");
  });

  it("does not lend its options to vr start", async () => {
    const { code, stderr } = await vr(["start", "--json"]).finished;
    expect(code).toBe(2);
    expect(stderr).toContain('"vr start" has no option --json');
  });

  it("is in the help", async () => {
    const { stdout } = await vr(["--help"]).finished;
    for (const word of ["vr check", "--json", "--timeout"]) expect(stdout).toContain(word);
  });
});
