import { describe, expect, it } from "vitest";
import { definePlugin, UpstreamError, VrError } from "../../core/index.ts";
import { answer, chunk, HANG, json, RESET, type Script, stream } from "../helpers/chat-server.ts";
import type { InProcess } from "../helpers/in-process.ts";
import { gate } from "../helpers/scripted.ts";
import { startTwoServers } from "../helpers/two-servers.ts";

const ways = [
  ["streamed", (gateway: InProcess, body: object = {}) => gateway.stream({ model: "m", ...body })],
  ["unstreamed", (gateway: InProcess, body: object = {}) => gateway.post({ model: "m", ...body })],
] as const;

const said = (response: { output: readonly object[] }) => JSON.stringify(response.output);
const refusing = (status: number, message = "not now", headers = {}): Script =>
  json({ error: { message } }, status, headers);
const warnings = ({ log }: InProcess) => log.filter(({ level }) => level === "warn");

describe.each(ways)("%s, before the first byte", (_, ask) => {
  it("a refused connection goes on to the fallback, which the client and the log are told", async () => {
    const { a, gateway } = await startTwoServers();
    await a.close();
    const { response, headers } = await ask(gateway);
    expect(response).toMatchObject({ status: "completed", model: "m" });
    expect(said(response)).toContain("I am b.");
    expect(headers.get("x-vr-warning")).toBe('upstream "a" failed (502); asking "b" instead');
    expect(warnings(gateway)).toHaveLength(1);
    expect(gateway.log).toContainEqual({
      level: "info",
      message: "an upstream was skipped",
      fields: expect.objectContaining({ upstream: "a", next: "b", status: 502 }),
    });
  });

  it.each([
    [429, 429],
    [500, 502],
    [502, 502],
    [503, 502],
    [504, 502],
  ])("a %i goes on to the fallback", async (status, told) => {
    const { gateway, asked } = await startTwoServers({ a: [refusing(status)] });
    const { response, headers } = await ask(gateway);
    expect(said(response)).toContain("I am b.");
    expect(headers.get("x-vr-warning")).toBe(`upstream "a" failed (${told}); asking "b" instead`);
    expect(asked()).toEqual([1, 1]);
  });

  it.each([400, 401, 403, 404])("a %i is final", async (status) => {
    const { gateway, asked } = await startTwoServers({ a: [refusing(status, "no such thing")] });
    const refused = await ask(gateway);
    expect(refused.status).toBe(status);
    expect(refused.error.message).toContain("no such thing");
    expect(asked()).toEqual([1, 0]);
  });

  it("a server that is too late goes on to the fallback and is let go", async () => {
    const { a, gateway } = await startTwoServers({ a: [() => {}], server: { firstByteTimeoutMs: 50 } });
    expect(said((await ask(gateway)).response)).toContain("I am b.");
    expect(await (await a.received(1)).closed).toBe("aborted");
  });

  it("when all fail, the first server's error is told", async () => {
    const { gateway, asked } = await startTwoServers({
      a: [refusing(429, "a is full", { "retry-after": "30" })],
      b: [refusing(503, "b is loading")],
    });
    const failed = await ask(gateway);
    expect([failed.status, failed.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(failed.error.message).toContain("a is full");
    expect(asked()).toEqual([1, 1]);
  });

  it("when the first is not asked, the error of the one that was is told", async () => {
    const { gateway, asked } = await startTwoServers({
      a: [refusing(500, "a is broken")],
      b: [answer({ text: "I am b." }), refusing(503, "b is loading")],
      server: { breakerFailures: 1 },
    });
    await ask(gateway);
    expect((await ask(gateway)).error.message).toContain("b is loading");
    expect(asked()).toEqual([1, 2]);
    const nobody = await ask(gateway);
    expect(nobody.status).toBe(503);
    expect(nobody.error).toMatchObject({ code: "upstream_unavailable", type: "server_error" });
    expect(nobody.error.message).toContain('Upstream "a" has failed repeatedly');
    expect(Number(nobody.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(asked()).toEqual([1, 2]);
  });

  it("an open circuit is passed over without asking, and that is told", async () => {
    const { gateway, asked } = await startTwoServers({
      a: [refusing(500), answer({ text: "I am a." })],
      server: { breakerFailures: 1 },
    });
    await ask(gateway);
    const { response, headers } = await ask(gateway);
    expect(said(response)).toContain("I am b.");
    expect(headers.get("x-vr-warning")).toBe('upstream "a" is not asked at the moment; asking "b" instead');
    expect(asked()).toEqual([1, 2]);
  });

  it("a busy upstream goes on to the fallback", async () => {
    const begun = gate();
    const slow: Script = async (exchange) => {
      await begun.promise;
      return answer({ text: "I am a." })(exchange);
    };
    const { a, gateway } = await startTwoServers({ a: [slow], server: { maxConcurrent: 1, maxQueued: 0 } });
    const first = ask(gateway);
    await a.received(1);
    const { response, headers } = await ask(gateway);
    expect(said(response)).toContain("I am b.");
    expect(headers.get("x-vr-warning")).toBe('upstream "a" is busy; asking "b" instead');
    begun.open();
    expect(said((await first).response)).toContain("I am a.");
  });

  it("a busy upstream without a fallback is a 429 with Retry-After", async () => {
    const { a, gateway } = await startTwoServers({
      routes: [{ model: "m", to: "a" }],
      a: [() => {}],
      server: { maxConcurrent: 1, queueTimeoutMs: 20 },
    });
    const open = new AbortController();
    const first = fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "m", input: "x" }),
      signal: open.signal,
    });
    await a.received(1);
    const busy = await ask(gateway);
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(busy.error).toMatchObject({ type: "rate_limit_error", code: "upstream_busy" });
    open.abort();
    await expect(first).rejects.toThrow();
    expect(a.requests).toHaveLength(1);
  });

  it("an alias sends each server its own name of the model; the client keeps the one it said", async () => {
    const { a, b, gateway } = await startTwoServers({
      routes: [
        {
          model: "fast",
          to: { upstream: "a", model: "qwen-7b" },
          fallbacks: { upstream: "b", model: "org/Qwen-7B" },
        },
      ],
      a: [refusing(503), answer({ text: "I am a." })],
    });
    expect((await ask(gateway, { model: "fast" })).response.model).toBe("fast");
    expect([a.requests[0]?.body.model, b.requests[0]?.body.model]).toEqual(["qwen-7b", "org/Qwen-7B"]);
    const { response } = await ask(gateway, { model: "fast" });
    expect(said(response)).toContain("I am a.");
    expect((await gateway.get(response.id)).response.model).toBe("fast");
  });

  it("no match: the first upstream, the name unchanged", async () => {
    const { a, gateway, asked } = await startTwoServers({ routes: [{ model: "x*", to: "b" }] });
    expect((await ask(gateway, { model: "other" })).response.model).toBe("other");
    expect([asked(), a.requests[0]?.body.model]).toEqual([[1, 0], "other"]);
  });

  it("a request without a model: * takes it, each server with its own", async () => {
    const models = (id: string) => json({ object: "list", data: [{ id }] });
    const servers = await startTwoServers({ routes: [{ model: "*", to: "a", fallbacks: "b" }] });
    servers.a.replyModels(models("a-model"));
    servers.b.replyModels(models("b-model"));
    const { gateway, a, b } = servers;
    expect((await ask(gateway, { model: undefined })).response.model).toBe("a-model");
    a.reply(refusing(503));
    expect((await ask(gateway, { model: undefined })).response.model).toBe("a-model");
    expect([a.requests[1]?.body.model, b.requests[0]?.body.model]).toEqual(["a-model", "b-model"]);
  });

  it("a request without a model, and the first cannot even name one: the next", async () => {
    const { a, b, gateway } = await startTwoServers({ routes: [{ model: "*", to: "a", fallbacks: "b" }] });
    await a.close();
    const { response, headers } = await ask(gateway, { model: undefined });
    expect([response.model, b.requests[0]?.body.model]).toEqual(["test-model", "test-model"]);
    expect(headers.get("x-vr-warning")).toBe('upstream "a" failed (502); asking "b" instead');
  });
});

describe("after the first byte", () => {
  it("a stream that breaks off fails, once, and nobody else is asked", async () => {
    const { gateway, asked } = await startTwoServers({ a: [stream(chunk({ content: "Half a " }), RESET)] });
    const { response, types } = await gateway.stream({ model: "m" });
    expect(response.status).toBe("failed");
    expect(types.filter((type) => type === "response.failed")).toHaveLength(1);
    expect(asked()).toEqual([1, 0]);
  });

  it("and such breaks open the circuit", async () => {
    const { gateway, asked } = await startTwoServers({
      a: [stream(chunk({ content: "Half a " }), RESET)],
      server: { breakerFailures: 2 },
    });
    for (let i = 0; i < 2; i++) await gateway.stream({ model: "m" });
    expect(said((await gateway.stream({ model: "m" })).response)).toContain("I am b.");
    expect(asked()).toEqual([2, 1]);
  });
});

describe("a response that waits", () => {
  it("opens after headersAfterMs, stays alive, and falls back all the same", async () => {
    const holds = gate();
    const late: Script = async (exchange) => {
      await holds.promise;
      return refusing(503)(exchange);
    };
    const { gateway } = await startTwoServers({ a: [late], limits: { headersAfterMs: 5, keepAliveMs: 5 } });
    const open = await gateway.open({ model: "m" });
    expect(open.status).toBe(200);
    await open.until("response.in_progress");
    await open.until("response.in_progress"); // kept alive
    holds.open();
    const { response, headers } = await open.rest();
    expect(said(response)).toContain("I am b.");
    expect(headers.get("x-vr-warning")).toBeNull();
    expect(warnings(gateway)).toMatchObject([{ message: 'upstream "a" failed (502); asking "b" instead' }]);
  });

  it("in a queue opens too, and leaves the queue with its client", async () => {
    const { a, gateway } = await startTwoServers({
      routes: [{ model: "m", to: "a" }],
      a: [stream(chunk({ content: "Half a " }), HANG), answer({ text: "I am a." })],
      server: { maxConcurrent: 1 },
      limits: { headersAfterMs: 5 },
    });
    const state = () => gateway.gateway.engine.router.upstreams[0]?.state;
    const first = await gateway.open({ model: "m" });
    await first.until("response.output_text.delta");
    const second = await gateway.open({ model: "m" });
    expect(second.status).toBe(200);
    expect(state()).toEqual({ circuit: "closed", running: 1, queued: 1 });
    second.leave();
    await expect.poll(state).toEqual({ circuit: "closed", running: 1, queued: 0 });
    const third = gateway.stream({ model: "m" });
    await expect.poll(state).toMatchObject({ queued: 1 });
    first.leave();
    expect(said((await third).response)).toContain("I am a.");
    expect(a.requests).toHaveLength(2);
    expect(state()).toEqual({ circuit: "closed", running: 0, queued: 0 });
  });
});

describe("later turns of a response", () => {
  const clock = definePlugin({
    name: "clock",
    setup: ({ tools }) =>
      tools.add({
        name: "clock",
        parameters: { type: "object" },
        execute: () => ({ kind: "output", output: "12" }),
      }),
  })();
  const callsClock = answer({ calls: [{ id: "call_1", name: "clock", args: {} }] });

  it.each(ways)("%s: stay with who answered the first", async (_, ask) => {
    const { gateway, asked } = await startTwoServers({
      a: [refusing(503), answer({ text: "I am a." })],
      b: [callsClock, callsClock, answer({ text: "I am b." })],
      plugins: [clock],
    });
    const { response } = await ask(gateway);
    expect(said(response)).toContain("I am b.");
    expect(asked()).toEqual([1, 3]);
    expect(said((await ask(gateway)).response)).toContain("I am a.");
  });

  it.each(ways)("%s: go elsewhere when that one has failed", async (_, ask) => {
    const { gateway, asked } = await startTwoServers({
      a: [callsClock, refusing(503)],
      b: [callsClock, answer({ text: "I am b." })],
      plugins: [clock],
    });
    const { response } = await ask(gateway);
    expect(response.status).toBe("completed");
    expect(said(response)).toContain("I am b.");
    expect(asked()).toEqual([2, 2]);
  });

  it("that a tap gives another model go where the routes say", async () => {
    const other = definePlugin({
      name: "other",
      setup: ({ hooks }) =>
        hooks.beforeUpstream.tap((request, turn) =>
          turn.index === 0 ? undefined : { ...request, model: "x" },
        ),
    })();
    const { b, gateway, asked } = await startTwoServers({
      routes: [
        { model: "m", to: "a" },
        { model: "x", to: { upstream: "b", model: "y" } },
      ],
      a: [callsClock],
      plugins: [clock, other],
    });
    expect((await gateway.post({ model: "m" })).response.model).toBe("m");
    expect([asked(), b.requests[0]?.body.model]).toEqual([[1, 1], "y"]);
  });
});

describe("vr.upstreams", () => {
  it("tells plugins who may answer, after set-up", async () => {
    let route: (
      model: string | undefined,
    ) => readonly { upstream: { name: string }; model: string | undefined }[];
    const asking = definePlugin({
      name: "asking",
      setup: ({ upstreams }) => {
        expect(() => upstreams.route("m")).toThrow('plugin "asking" routes during set-up');
        route = (model) => upstreams.route(model);
      },
    })();
    await startTwoServers({ plugins: [asking] });
    const named = (model?: string) => route(model).map(({ upstream, model }) => [upstream.name, model]);
    expect(named("m")).toEqual([
      ["a", "m"],
      ["b", "m"],
    ]);
    expect(named()).toEqual([["a", undefined]]);
  });

  it("takes none after set-up", async () => {
    let late: (() => void) | undefined;
    const adding = definePlugin({
      name: "adding",
      setup: ({ upstreams }) => {
        late = () => upstreams.add({} as never);
      },
    })();
    await startTwoServers({ plugins: [adding] });
    expect(() => late?.()).toThrow('plugin "adding" adds an upstream after set-up');
  });

  it("does not take errors of plugins for those of a server", async () => {
    const throwing = (name: string, error: Error) =>
      definePlugin({
        name,
        setup: ({ upstreams }) =>
          upstreams.add({
            name,
            description: "",
            stream: () => {
              throw error;
            },
            models: async () => [],
            defaultModel: () => "m",
          }),
      })();
    const { gateway, asked } = await startTwoServers({
      routes: [
        { model: "bug", to: "buggy", fallbacks: "a" },
        { model: "refused", to: "refusing", fallbacks: "a" },
        { model: "down", to: "down", fallbacks: "a" },
      ],
      plugins: [
        throwing("buggy", new TypeError("secret detail")),
        throwing("refusing", new VrError(503, "server_error", "closed")),
        throwing("down", new UpstreamError(502, "down")),
      ],
    });
    expect(await gateway.post({ model: "bug" })).toMatchObject({ status: 500 });
    expect(await gateway.post({ model: "refused" })).toMatchObject({ status: 503 });
    expect(asked()).toEqual([0, 0]);
    expect(said((await gateway.post({ model: "down" })).response)).toContain("I am a.");
  });
});
