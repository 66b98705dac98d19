import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DONE, fixture, HANG, json, RESET, stream, wholeFixture } from "../helpers/chat-server.ts";
import type { Family } from "../helpers/families/family.ts";
import { createFamilyServer, type FamilyServer } from "../helpers/families/server.ts";
import { told } from "../helpers/families/told.ts";
import { type InProcessOptions, startInProcess } from "../helpers/in-process.ts";
import { gate } from "../helpers/scripted.ts";
import { type InFrontOf, TOOLS } from "./in-front-of.ts";
import { describeConversations } from "./upstream-conversations.ts";
import { describeParameters } from "./upstream-parameters.ts";

/** What every upstream plugin must do, through the whole gateway, before a server that acts like the real ones. */
export function describeUpstream(family: Family): void {
  describe(`${family.name}, as every upstream`, () => {
    let server: FamilyServer;
    beforeEach(async () => {
      server = await createFamilyServer(family);
    });
    afterEach(async () => {
      await server.close();
      // Nothing is lost by accident: whatever was sent, the server reads.
      expect(server.ignored).toEqual([]);
      expect(server.refused).toEqual([]);
    });
    const start = (options: Partial<InProcessOptions> = {}) =>
      startInProcess({
        ...options,
        plugins: [family.plugin({ baseUrl: server.url, retries: 0 }), ...(options.plugins ?? [])],
      });
    const inFront: InFrontOf = {
      family,
      start,
      get server() {
        return server;
      },
    };

    describeAnswers(inFront);
    describeBadDays(inFront);
    describeConversations(inFront);
    describeParameters(inFront);
  });
}

function describeAnswers(inFront: InFrontOf): void {
  const { family, start } = inFront;

  describe("answers", () => {
    it.each(Object.entries(family.streams))("stream %s", async (name, expected) => {
      const vr = await start();
      inFront.server.reply(fixture(name), fixture(name, 9));
      for (let i = 0; i < 2; i += 1) {
        const { response } = await vr.stream({ tools: TOOLS });
        expect(response.status).toBe("completed");
        expect(told(response)).toEqual(expected);
      }
    });

    it.each(Object.entries(family.wholes))("unstreamed %s", async (name, expected) => {
      const vr = await start();
      inFront.server.reply(wholeFixture(name));
      expect(told((await vr.post({ tools: TOOLS })).response)).toEqual(expected);
    });

    it("are the same, streamed and not", async () => {
      const vr = await start();
      const says = {
        reasoning: "A city is named.",
        text: "I will look.",
        calls: [
          { id: "call_a", name: "get_weather", args: { city: "Paris" } },
          { id: "call_b", name: "get_weather", args: { city: "Rome" } },
        ],
        usage: [31, 17] as [number, number],
      };
      const expected = {
        ...(family.reasoningField ? { reasoning: says.reasoning } : {}),
        text: says.text,
        calls: says.calls.map(({ name, args }) => [name, args]),
        usage: says.usage,
      };
      inFront.server.reply(family.says(says));
      expect(told((await vr.post({ tools: TOOLS })).response)).toEqual(expected);
      expect(told((await vr.stream({ tools: TOOLS })).response)).toEqual(expected);
    });

    it("at the limit of tokens are incomplete", async () => {
      const vr = await start();
      inFront.server.reply(family.says({ text: "Once upon", finish: "length" }));
      const { response } = await vr.stream({ max_output_tokens: 16 });
      expect(response.status).toBe("incomplete");
      expect(response.incomplete_details).toEqual({ reason: "max_output_tokens" });
    });

    it("carry usage, which is asked for and comes in a chunk without choices", async () => {
      const vr = await start();
      const { response } = await vr.stream();
      expect(inFront.server.requests[0]?.body.stream_options).toEqual({ include_usage: true });
      expect(response.usage).toMatchObject({ input_tokens: 10, output_tokens: 5, total_tokens: 15 });
    });
  });

  it("lists the server's models, and asks the first when a request names none", async () => {
    const vr = await start();
    const list = await (await fetch(`${vr.url}/v1/models`)).json();
    expect(list).toMatchObject({ data: [{ id: "test-model" }] });
    expect((await vr.post()).response.model).toBe("test-model");
    expect(inFront.server.requests[0]?.body.model).toBe("test-model");
  });

  it("is where its servers usually are, unless told otherwise", async () => {
    if (family.usual === undefined) {
      expect(() => family.plugin()).toThrow(/baseUrl/);
      return;
    }
    const vr = await startInProcess({ plugins: [family.plugin()] });
    const [upstream] = vr.gateway.engine.registry.upstreams;
    expect(upstream?.name).toBe(family.name);
    expect(upstream?.description).toContain(family.usual);
  });
}

function describeBadDays(inFront: InFrontOf): void {
  const { family, start } = inFront;
  const word = (delta: object, finish: string | null = null) => ({
    object: "chat.completion.chunk",
    model: "test-model",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const half = word({ role: "assistant", content: "Half an" });
  const end = word({}, "stop");

  describe("a stream has exactly one terminal event", () => {
    // That there is exactly one, and nothing behind it, is what `stream` checks of every stream.
    it.each([
      ["that ends without [DONE]", [half, end], "completed"],
      ["that ends without finish_reason", [half, DONE], "completed"],
      ["that says no end at all", [half], "failed"],
      ["that breaks in the middle", [half, RESET], "failed"],
      ["that breaks in the middle of an event", [half, 'data: {"choices": [{"del', RESET], "failed"],
      ["with something that is no JSON", [half, "data: oops\n\n"], "failed"],
    ] as const)("%s", async (_, steps, status) => {
      const vr = await start();
      inFront.server.reply(stream(...steps));
      const { response } = await vr.stream();
      expect(response.status).toBe(status);
      expect(told(response)).toMatchObject({ text: "Half an" });
      if (status === "failed") expect(response.error?.code).toBe("server_error");
    });

    it("with an error after 200, in the stream or in its place", async () => {
      const vr = await start();
      const error = family.refusal("The engine is on fire.");
      inFront.server.reply(fixture(family.breaking), json(error));
      const { response } = await vr.stream();
      expect(response.status).toBe("failed");
      expect(told(response)).toMatchObject({ text: "Half an" });
      const inPlace = await vr.stream();
      if (inPlace.status === 200) expect(inPlace.response.status).toBe("failed");
      else expect(inPlace.error.message).toContain("on fire");
    });
  });

  it("an unstreamed answer that breaks in the middle is a 502", async () => {
    const vr = await start();
    inFront.server.reply(({ response, socket }) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"choices": [', () => socket.resetAndDestroy());
    });
    expect((await vr.post()).status).toBe(502);
  });

  it.each(Object.entries(family.errors))("%s is an error with its meaning", async (name, expected) => {
    const vr = await start();
    inFront.server.reply(wholeFixture(name));
    for (const answer of [await vr.post(), await vr.stream()]) {
      expect(answer.status).toBe(expected.status);
      expect(answer.error.message).toContain(expected.message);
      if (expected.code !== undefined) expect(answer.error.code).toBe(expected.code);
    }
  });

  it("a server that is not there is a 502", async () => {
    const vr = await start();
    await inFront.server.close();
    expect((await vr.post({ model: "test-model" })).status).toBe(502);
  });

  it("idle clients get data events while the server is silent", async () => {
    const vr = await start({ limits: { keepAliveMs: 15, headersAfterMs: 15 } });
    const speaks = gate();
    inFront.server.reply(stream(speaks.promise, half, end, DONE));
    const open = await vr.open();
    for (let i = 0; i < 3; i += 1) await open.until("response.in_progress");
    speaks.open();
    expect((await open.rest()).response.status).toBe("completed");
  });

  it("a client that leaves ends the call", async () => {
    const vr = await start();
    inFront.server.reply(stream(half, HANG));
    const open = await vr.open();
    await open.until("response.output_text.delta");
    open.leave();
    expect(await (await inFront.server.received(1)).closed).toBe("aborted");
  });
}
