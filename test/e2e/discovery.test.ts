import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, post, textOf } from "../helpers/ask.ts";
import { type ChatServer, createChatServer, json, plain, type Script } from "../helpers/chat-server.ts";
import { vr } from "../helpers/command.ts";
import { freePort } from "../helpers/free-port.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { tempConfig } from "../helpers/temp-folder.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What the servers of each family answer to a GET; all else is not found. */
const listOf = (owned_by: string) => ({
  object: "list",
  data: [{ id: "a-model", object: "model", owned_by }],
});
const FAMILIES = {
  vllm: { "/v1/models": listOf("vllm"), "/version": { version: "0.11.0" } },
  ollama: { "/v1/models": listOf("library"), "/api/version": { version: "0.12.0" } },
  "lm-studio": { "/v1/models": listOf("organization_owner") },
  "llama-cpp": { "/v1/models": listOf("llamacpp") },
};
const NO_MODELS = { object: "list", data: null };
const WANTS_A_KEY = json({ error: { message: "Invalid API Key", code: 401 } }, 401);

function byPath(answers: Record<string, unknown>): Script {
  return (exchange) => {
    const body = answers[exchange.request.path];
    return typeof body === "function"
      ? body(exchange)
      : json(body ?? { error: "not found" }, body ? 200 : 404)(exchange);
  };
}

async function server(answers: Record<string, unknown>, port?: number): Promise<ChatServer> {
  const started = await createChatServer({ port });
  started.replyModels(byPath(answers));
  closing.push(() => started.close());
  return started;
}

async function listening(holder: Server): Promise<Server> {
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  return holder;
}

type Places = Partial<Record<keyof typeof FAMILIES | "openai", string>>;

/**
 * Starts a gateway that looks for servers at these addresses, and at no other; the demo comes last. By default
 * it waits longer than a busy machine takes.
 */
async function look(at: Places, env: Record<string, string> = {}, timeoutMs = 8_000): Promise<Gateway> {
  const places = [...Object.entries(at).map(([kind, baseUrl]) => ({ kind, baseUrl })), { kind: "demo" }];
  const options = JSON.stringify({ places, timeoutMs });
  return start({ config: tempConfig(`{ plugins: [findServer(${options})] }`), env });
}

async function start(options: Parameters<typeof startGateway>[0]): Promise<Gateway> {
  const gateway = await startGateway(options);
  closing.push(() => gateway.stop());
  return gateway;
}

interface ReadyBody {
  upstreams: Record<string, { ok: boolean; reason?: string; error?: string }>;
}

const nowhere = async () => `http://127.0.0.1:${await freePort()}/v1`;
const upstreamOf = (gateway: Gateway) => /upstream +(\S+):/.exec(gateway.stdout())?.[1];
const ready = async ({ url }: Gateway) => {
  const response = await fetch(`${url}/ready`);
  return { status: response.status, body: (await response.json()) as ReadyBody };
};
const loggedAs = (gateway: Gateway, msg: string) =>
  gateway
    .stderr()
    .split("\n")
    .filter((line) => line.includes(`"msg":"${msg}"`))
    .map((line) => JSON.parse(line));

describe("what is looked for", () => {
  it("with nothing running it is the demo, and the banner says where was looked", async () => {
    const at = { vllm: await nowhere(), ollama: await nowhere() };
    const gateway = await look(at);
    expect(upstreamOf(gateway)).toBe("demo");
    expect(gateway.stdout()).toContain("no model server was found");
    for (const url of Object.values(at)) expect(gateway.stdout()).toContain(new URL(url).host);
    expect(textOf(await ask(gateway, { input: "What is 6 * 7?" }))).toContain("(demo model)");
    expect((await ready(gateway)).status).toBe(200);
  });

  it.each(Object.keys(FAMILIES) as (keyof typeof FAMILIES)[])("%s is found and asked", async (kind) => {
    const found = await server(FAMILIES[kind]);
    const gateway = await look({ [kind]: found.url });
    expect(upstreamOf(gateway)).toBe(kind);
    expect(gateway.stdout()).toMatch(/found running; .*VR_UPSTREAM_KIND/);
    await ask(gateway, {
      input: "Hello",
      max_output_tokens: 99,
      parallel_tool_calls: false,
      reasoning: { effort: "low" },
      tools: [CLOCK],
    });
    const { body } = await found.received(1);
    expect(body.model).toBe("a-model");
    expect(quirksIn(body)).toEqual(QUIRKS[kind]);
  });

  it("a server is told by what it says, not by its port; one that says nothing is openai-compatible", async () => {
    const [vllm, sglang] = await Promise.all([
      server(FAMILIES.vllm),
      server({ "/v1/models": listOf("sglang") }),
    ]);
    expect(upstreamOf(await look({ "llama-cpp": vllm.url }))).toBe("vllm");
    expect(upstreamOf(await look({ vllm: sglang.url }))).toBe("openai-compatible");
  });

  it("of several the first in the order is taken, and the others are named", async () => {
    const [ollama, lmStudio] = await Promise.all([server(FAMILIES.ollama), server(FAMILIES["lm-studio"])]);
    const gateway = await look({ vllm: await nowhere(), ollama: ollama.url, "lm-studio": lmStudio.url });
    expect(upstreamOf(gateway)).toBe("ollama");
    expect(gateway.stdout()).toContain(`also found: lm-studio at ${lmStudio.url}`);
    const other = await look({ "lm-studio": lmStudio.url, ollama: ollama.url });
    expect(upstreamOf(other)).toBe("lm-studio");
  });

  const page = plain("<html>It works!</html>", 200, { "content-type": "text/html" });
  it.each<[string, Record<string, unknown>]>([
    ["a web server that answers every path with a page", { "/v1/models": page, "/api/version": page }],
    ["one that does not know the path", {}],
    ["JSON of another shape", { "/v1/models": { cars: ["T"], data: [{ id: "T" }] } }],
    ["a page behind a password", { "/v1/models": plain("<html>Who are you?</html>", 401) }],
    ["an application that wants a token", { "/v1/models": json({ message: "Unauthorized" }, 401) }],
    ["a redirection", { "/v1/models": plain("", 302, { location: "/login" }) }],
    ["an answer without end", { "/v1/models": endless }],
  ])("%s is no model server", async (_, answers) => {
    const { url } = await server(answers);
    const gateway = await look({ "llama-cpp": url });
    expect(upstreamOf(gateway)).toBe("demo");
    expect(gateway.stdout()).not.toContain("also found");
  });

  it("a server that takes the connection and never answers is passed over in time, and named", async () => {
    const silent = await listening(createServer(() => {}));
    closing.push(async () => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as { port: number }).port}/v1`;
    const ollama = await server(FAMILIES.ollama);
    const gateway = await look({ vllm: url, ollama: ollama.url }, {}, 1_000);
    expect(upstreamOf(gateway)).toBe("ollama");
    expect(gateway.stdout()).toContain(`${url} did not answer within 1000 ms`);
  });

  it("a server without models is passed over with a hint, for the demo too", async () => {
    const ollama = await server({ ...FAMILIES.ollama, "/v1/models": NO_MODELS });
    const gateway = await look({ ollama: ollama.url });
    expect(upstreamOf(gateway)).toBe("demo");
    expect(gateway.stdout()).toContain(`ollama at ${ollama.url} has no model`);
  });

  it("a server that is loading its model is taken", async () => {
    const loading = json({ error: { code: 503, message: "Loading model" } }, 503, { server: "llama.cpp" });
    const { url } = await server({ "/v1/models": loading });
    const gateway = await look({ "llama-cpp": url });
    expect(upstreamOf(gateway)).toBe("llama-cpp");
    expect(gateway.stdout()).toContain("it is loading its model");
  });

  it("without the demo among the places a start that finds nothing fails, and says why", async () => {
    const places = JSON.stringify([{ kind: "vllm", baseUrl: await nowhere() }]);
    const config = tempConfig(`{ plugins: [findServer({ places: ${places} })] }`);
    const { code, stderr } = await vr(["start", "--port", "0", "--config", config]).finished;
    expect(code).toBe(1);
    expect(stderr).toContain("no model server was found; looked for vllm (127.0.0.1:");
  });

  it("the shipped configuration starts and answers, whatever runs here, and says what it chose", async () => {
    const command = vr(["start", "--port", "0"]);
    const url = await command.listening();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const { stdout } = await command.stop();
    expect(stdout.match(/^ {2}upstream +/gm)).toHaveLength(1);
    if (/upstream +demo/.test(stdout)) {
      expect(stdout).toContain("no model server was found");
      for (const port of [8000, 11434, 1234, 8080]) expect(stdout).toContain(`127.0.0.1:${port}`);
    } else expect(stdout).toContain("found running");
  });
});

describe("a server that wants a key", () => {
  it.each<[string, keyof typeof FAMILIES, Record<string, unknown>]>([
    ["llama.cpp", "llama-cpp", { "/v1/models": json({ error: "?" }, 401, { server: "llama.cpp" }) }],
    ["vLLM", "vllm", { "/v1/models": json({ error: "Unauthorized" }, 401), "/version": { version: "1" } }],
    ["LM Studio", "lm-studio", { "/v1/models": WANTS_A_KEY }],
  ])("%s is taken, and not called unreachable", async (_, kind, answers) => {
    const gateway = await look({ [kind]: (await server(answers)).url });
    expect(upstreamOf(gateway)).toBe(kind === "lm-studio" ? "openai-compatible" : kind);
    expect(gateway.stdout()).toContain("it wants a key: VR_UPSTREAM_API_KEY");
    expect(gateway.stdout()).toContain("not ready: the model server wants a key (401)");
    const { status, body } = await ready(gateway);
    expect(status).toBe(503);
    expect(Object.values(body.upstreams)).toMatchObject([
      {
        ok: false,
        reason: "unauthorized",
        error: expect.stringContaining("the model server wants a key (401)"),
      },
    ]);
  });

  it("gets VR_UPSTREAM_API_KEY; others that are looked at do not", async () => {
    const [open, locked] = await Promise.all([
      server({ ...FAMILIES.ollama, "/v1/models": NO_MODELS }),
      server({
        "/v1/models": (exchange: Parameters<Script>[0]) =>
          (exchange.request.headers.authorization === "Bearer the-key-of-it"
            ? json(listOf("vllm"))
            : WANTS_A_KEY)(exchange),
      }),
    ]);
    const gateway = await look(
      { ollama: open.url, vllm: locked.url },
      { VR_UPSTREAM_API_KEY: "the-key-of-it" },
    );
    expect(upstreamOf(gateway)).toBe("vllm");
    expect((await ready(gateway)).status).toBe(200);
    await ask(gateway, { input: "Hello" });
    expect((await locked.received(1)).headers.authorization).toBe("Bearer the-key-of-it");
    expect(open.gets.map(({ headers }) => headers.authorization)).toEqual(open.gets.map(() => undefined));
    expect(gateway.stdout() + gateway.stderr()).not.toContain("the-key-of-it");
  });

  it("and refuses the one that it gets is said", async () => {
    const { url } = await server({ "/v1/models": WANTS_A_KEY });
    const gateway = await look({ vllm: url }, { VR_UPSTREAM_API_KEY: "the-wrong-key" });
    expect(gateway.stdout()).toContain("it refuses the key in VR_UPSTREAM_API_KEY");
    expect((await ready(gateway)).body.upstreams["openai-compatible"]).toMatchObject({
      ok: false,
      reason: "unauthorized",
      error: "the model server refuses the key (401): Invalid API Key",
    });
  });
});

describe("OPENAI_API_KEY", () => {
  const key = "sk-of-openai-0000";

  it("chooses OpenAI when nothing runs; only its own server gets the key", async () => {
    const [openai, ollama] = await Promise.all([
      server({ "/v1/models": listOf("openai") }),
      server({ ...FAMILIES.ollama, "/v1/models": NO_MODELS }),
    ]);
    const gateway = await look(
      { ollama: ollama.url, openai: openai.url },
      { OPENAI_API_KEY: key, VR_UPSTREAM_API_KEY: "another" },
    );
    expect(upstreamOf(gateway)).toBe("openai");
    expect(gateway.stdout()).toContain("chosen because OPENAI_API_KEY is set");
    expect((await ready(gateway)).status).toBe(200);
    for (const { headers } of openai.gets) expect(headers.authorization).toBe(`Bearer ${key}`);
    for (const { headers } of ollama.gets) expect(headers.authorization).toBeUndefined();
  });

  it("OPENAI_BASE_URL says where OpenAI is, as OpenAI's libraries take it", async () => {
    const openai = await server({ "/v1/models": listOf("openai") });
    const config = tempConfig(`{ plugins: [findServer({ places: [{ kind: "openai" }] })] }`);
    const gateway = await start({ config, env: { OPENAI_API_KEY: key, OPENAI_BASE_URL: openai.url } });
    expect(gateway.stdout()).toContain(openai.url);
    const { code, stderr } = await vr(["start", "--port", "0", "--config", config], {
      env: { OPENAI_API_KEY: key, OPENAI_BASE_URL: "openai" },
    }).finished;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^vr: OPENAI_BASE_URL is "openai": expected /)]);
  });

  it("does not choose OpenAI when a server runs here, or when the key is empty", async () => {
    const [openai, vllm] = await Promise.all([server({}), server(FAMILIES.vllm)]);
    const at = { vllm: vllm.url, openai: openai.url };
    expect(upstreamOf(await look(at, { OPENAI_API_KEY: key }))).toBe("vllm");
    expect(upstreamOf(await look({ openai: openai.url }, { OPENAI_API_KEY: "" }))).toBe("demo");
    expect(openai.gets).toEqual([]);
  });

  it("with OPENAI_BASE_URL set for clients of this gateway does not make it ask itself", async () => {
    const port = String(await freePort());
    const env = { OPENAI_API_KEY: "none", OPENAI_BASE_URL: `http://localhost:${port}/v1`, VR_PORT: port };
    const config = tempConfig(
      `{ plugins: [findServer({ places: [{ kind: "openai" }, { kind: "demo" }] })] }`,
    );
    const command = vr(["start", "--config", config], { env });
    await command.listening();
    const { stdout } = await command.stop();
    expect(stdout).toMatch(/upstream +demo/);
    expect(stdout).toContain("which cannot ask itself");
  });
});

describe("what was chosen stays", () => {
  it("a found server that dies is missed, not replaced by the demo; it is asked again when it is back", async () => {
    const first = await server(FAMILIES.vllm);
    const gateway = await look({ vllm: first.url });
    await first.close();
    expect((await post(gateway, { model: "a-model", input: "Hello" })).status).toBe(502);
    expect(await ready(gateway)).toMatchObject({
      status: 503,
      body: { upstreams: { vllm: { ok: false, reason: "unreachable" } } },
    });
    await server(FAMILIES.vllm, Number(new URL(first.url).port));
    expect((await ready(gateway)).status).toBe(200);
    expect((await ask(gateway, { input: "Hello" })).status).toBe("completed");
  });

  it("a server that starts later does not take the demo's place", async () => {
    const url = await nowhere();
    const gateway = await look({ vllm: url });
    const later = await server(FAMILIES.vllm, Number(new URL(url).port));
    expect((await ask(gateway, { input: "Hello" })).model).toBe("demo");
    expect(later.gets).toEqual([]);
  });

  it("an upstream that is named is the only one: nothing is looked for", async () => {
    const [found, named] = await Promise.all([server(FAMILIES.vllm), server(FAMILIES.ollama)]);
    const gateway = await look({ vllm: found.url }, { VR_UPSTREAM: named.url });
    expect(gateway.stdout()).toContain(named.url);
    expect(found.gets).toEqual([]);
  });
});

describe("an upstream that is configured and down", () => {
  it("vr listens at once, says why it is not ready, and becomes ready when the server comes up", async () => {
    const port = await freePort();
    const gateway = await start({ env: { VR_UPSTREAM: `http://127.0.0.1:${port}/v1` } });
    const error = "the model server cannot be reached (ECONNREFUSED)";
    expect(gateway.stdout()).toContain(`not ready: ${error}`);
    expect(gateway.stdout()).not.toContain("demo");
    expect(await ready(gateway)).toMatchObject({
      status: 503,
      body: { upstreams: { "openai-compatible": { ok: false, reason: "unreachable", error } } },
    });
    expect((await post(gateway, { model: "m", input: "Hello" })).status).toBe(502);

    await server(FAMILIES.vllm, port);
    expect((await ready(gateway)).status).toBe(200);
    await vi.waitUntil(() => loggedAs(gateway, "an upstream is ready").length > 0, { timeout: 15_000 });
    expect(loggedAs(gateway, "an upstream is ready")).toMatchObject([{ upstream: "openai-compatible" }]);
    expect(loggedAs(gateway, "an upstream is not ready")).toMatchObject([
      { upstream: "openai-compatible", reason: "unreachable", error },
    ]);
  });

  it("stops while it waits for the upstream", async () => {
    const gateway = await start({ env: { VR_UPSTREAM: await nowhere() } });
    expect(await gateway.stop()).toBe(0);
  });

  it("one that takes the connection and says nothing does not hold up the start", async () => {
    const silent = await listening(createServer(() => {}));
    closing.push(async () => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as { port: number }).port}/v1`;
    const gateway = await start({ env: { VR_UPSTREAM: url } });
    expect(gateway.stdout()).toContain(url);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  });

  it("is not logged when it answers", async () => {
    const gateway = await start({ env: { VR_UPSTREAM: (await server(FAMILIES.vllm)).url } });
    await gateway.stop();
    expect(gateway.stderr()).not.toContain("an upstream is");
  });
});

describe("VR_UPSTREAM_KIND", () => {
  it.each(["vllm", "ollama", "lm-studio", "llama-cpp", "openai", "openai-compatible"])(
    "%s names the plugin for VR_UPSTREAM",
    async (kind) => {
      const { url } = await server({ "/v1/models": listOf("anybody") });
      const gateway = await start({ env: { VR_UPSTREAM: url, VR_UPSTREAM_KIND: kind } });
      expect(upstreamOf(gateway)).toBe(kind);
      expect(gateway.stdout()).toContain(url);
    },
  );

  it("without VR_UPSTREAM means the usual address, in place of what is configured", async () => {
    const config = tempConfig("{ plugins: [demo()] }");
    const usual = { vllm: 8000, ollama: 11434, "lm-studio": 1234, "llama-cpp": 8080 };
    for (const [kind, port] of Object.entries(usual)) {
      const gateway = await start({ config, env: { VR_UPSTREAM_KIND: kind } });
      expect(upstreamOf(gateway)).toBe(kind);
      expect(gateway.stdout()).toContain(`http://127.0.0.1:${port}/v1`);
    }
  });

  it("demo is the model inside the gateway", async () => {
    const config = tempConfig(`{ plugins: [openaiCompatible({ baseUrl: "${await nowhere()}" })] }`);
    const gateway = await start({ config, env: { VR_UPSTREAM_KIND: "demo" } });
    expect(textOf(await ask(gateway, { input: "Hello" }))).toContain("(demo model)");
  });

  it.each<[Record<string, string>, RegExp]>([
    [
      { VR_UPSTREAM_KIND: "vlm" },
      /^vr: VR_UPSTREAM_KIND is "vlm": expected one of vllm, ollama, .*, demo\n$/,
    ],
    [{ VR_UPSTREAM_KIND: "constructor" }, /^vr: VR_UPSTREAM_KIND is "constructor": expected one of /],
    [{ VR_UPSTREAM_KIND: "openai-compatible" }, /^vr: VR_UPSTREAM_KIND is .*set VR_UPSTREAM to/],
    [{ VR_UPSTREAM_KIND: "demo", VR_UPSTREAM: "http://127.0.0.1:1/v1" }, /^vr: VR_UPSTREAM_KIND is "demo"/],
  ])("%j is refused by its name", async (env, expected) => {
    const { code, stderr } = await vr(["start", "--port", "0"], { env }).finished;
    expect([code, stderr]).toEqual([1, expect.stringMatching(expected)]);
  });
});

const CLOCK = { type: "function", name: "clock", parameters: { type: "object", properties: {} } };

/** What the plugin of each family sends otherwise than the others. */
const QUIRKS = {
  vllm: { limit: "max_completion_tokens", parallel: true, template: false },
  ollama: { limit: "max_tokens", parallel: false, template: false },
  "lm-studio": { limit: "max_tokens", parallel: true, template: false },
  "llama-cpp": { limit: "max_tokens", parallel: true, template: true },
};

function quirksIn(body: object) {
  return {
    limit: Object.keys(body).find((name) => /^max_.*tokens$/.test(name)),
    parallel: "parallel_tool_calls" in body,
    template: "chat_template_kwargs" in body,
  };
}

function endless({ response }: Parameters<Script>[0]): void {
  response.writeHead(200, { "content-type": "application/json" });
  const more = () => {
    while (!response.destroyed && response.write("[".repeat(65_536)));
  };
  response.on("drain", more);
  more();
}
