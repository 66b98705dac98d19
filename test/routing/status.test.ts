import { describe, expect, it } from "vitest";
import { answer, chunk, HANG, json, plain, stream } from "../helpers/chat-server.ts";
import type { InProcess } from "../helpers/in-process.ts";
import { startTwoServers } from "../helpers/two-servers.ts";

interface Status {
  upstreams: Record<"a" | "b", { ok: boolean; circuit: string; running: number; queued: number }>;
  data: { id: string; owned_by: string }[];
}

async function read({ url }: InProcess, path: string): Promise<{ status: number; body: Status }> {
  const response = await fetch(url + path);
  return { status: response.status, body: (await response.json()) as Status };
}

const down = json({ error: { message: "no" } }, 503);

describe("GET /ready", () => {
  it("tells each upstream's circuit, and the calls that run and wait", async () => {
    const { gateway } = await startTwoServers({
      a: [stream(chunk({ content: "Half a " }), HANG)],
      server: { maxConcurrent: 1 },
      routes: [{ model: "m", to: "a" }],
    });
    expect(await read(gateway, "/ready")).toMatchObject({
      status: 200,
      body: {
        status: "ready",
        upstreams: {
          a: { ok: true, circuit: "closed", running: 0, queued: 0 },
          b: { ok: true, circuit: "closed", running: 0, queued: 0 },
        },
      },
    });
    const open = await gateway.open({ model: "m" });
    await open.until("response.output_text.delta");
    const waiting = gateway.stream({ model: "m" });
    const upstreams = async () => (await read(gateway, "/ready")).body.upstreams;
    await expect.poll(upstreams).toMatchObject({ a: { running: 1, queued: 1 }, b: { running: 0 } });
    await gateway.close();
    await waiting;
  });

  it("does not wait for a server that hangs when another answers", async () => {
    const { b, gateway } = await startTwoServers({});
    b.replyModels(() => {});
    expect(await read(gateway, "/ready")).toMatchObject({
      status: 200,
      body: {
        upstreams: { a: { ok: true }, b: { ok: false, error: "has not answered yet", circuit: "closed" } },
      },
    });
  });

  it("is ready while one upstream answers; circuits are told beside that", async () => {
    const { a, b, gateway } = await startTwoServers({
      a: [down],
      server: { breakerFailures: 1, breakerOpenMs: 20 },
    });
    await gateway.post({ model: "m" });
    a.replyModels(down);
    const one = await read(gateway, "/ready");
    expect(one).toMatchObject({
      status: 200,
      body: {
        upstreams: { a: { ok: false, error: expect.any(String) }, b: { ok: true, circuit: "closed" } },
      },
    });
    expect(one.body.upstreams.a.circuit).not.toBe("closed");
    await expect.poll(async () => (await read(gateway, "/ready")).body.upstreams.a.circuit).toBe("half_open");
    await a.close();
    await b.close();
    expect((await read(gateway, "/ready")).status).toBe(503);
  });
});

describe("GET /v1/models", () => {
  const models = (...ids: string[]) =>
    json({ data: ids.map((id) => ({ id, created: 7, owned_by: "them" })) });

  it("lists aliases with their upstream, and nothing twice", async () => {
    const servers = await startTwoServers({
      routes: [
        { model: ["fast", "also-fast"], to: { upstream: "b", model: "qwen" }, fallbacks: "a" },
        { model: "llama", to: "b" },
        { model: ["x-*", "elsewhere"], to: "a" },
      ],
    });
    servers.a.replyModels(models("llama", "phi"));
    servers.b.replyModels(models("qwen", "llama"));
    const { body } = await read(servers.gateway, "/v1/models");
    const alias = (id: string, owned_by: string, created = 7) => ({ id, object: "model", created, owned_by });
    expect(body.data).toEqual([
      alias("llama", "b"),
      alias("phi", "them"),
      alias("qwen", "them"),
      alias("fast", "b"),
      alias("also-fast", "b"),
      alias("elsewhere", "a", 0),
    ]);
    expect((await read(servers.gateway, "/v1/models/fast")).body).toEqual(alias("fast", "b"));
  });

  it("leaves out aliases of an upstream that cannot be asked, and gives them to the next", async () => {
    const servers = await startTwoServers({
      routes: [
        { model: "only-a", to: "a" },
        { model: "both", to: "a", fallbacks: "b" },
      ],
    });
    servers.a.replyModels(plain("no", 500));
    servers.b.replyModels(models("qwen"));
    const { body } = await read(servers.gateway, "/v1/models");
    expect(body.data.map(({ id, owned_by }) => [id, owned_by])).toEqual([
      ["qwen", "them"],
      ["both", "b"],
    ]);
    expect((await read(servers.gateway, "/v1/models/only-a")).status).toBe(404);
  });

  it("an alias answers", async () => {
    const { gateway } = await startTwoServers({
      routes: [{ model: "fast", to: { upstream: "b", model: "qwen" } }],
      b: [answer({ text: "Quick." })],
    });
    expect(JSON.stringify((await gateway.post({ model: "fast" })).response.output)).toContain("Quick.");
  });
});
