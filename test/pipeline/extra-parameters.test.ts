import { describe, expect, it, onTestFinished } from "vitest";
import type { ModelRequest } from "../../core/index.ts";
import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { type ChatServer, createChatServer, json } from "../helpers/chat-server.ts";
import { type InProcessOptions, startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

const warningOf = ({ headers }: { headers: Headers }) => headers.get("x-vr-warning");
const ignored = (name: string) => `unknown parameter "${name}" was ignored`;

async function server(): Promise<ChatServer> {
  const made = await createChatServer();
  onTestFinished(() => made.close());
  return made;
}
/** An upstream that takes these. */
const taking = (at: ChatServer, ...passExtra: string[]) =>
  openaiCompatible({ name: `takes ${passExtra}`, baseUrl: at.url, retries: 0, quirks: { passExtra } });
const sent = (at: ChatServer) =>
  at.requests.map(({ body: { model: _, messages: __, stream: ___, stream_options: ____, ...rest } }) => rest);

describe("a parameter that the API does not know", () => {
  it("passes to an upstream that takes it, as it came; of another the client is told", async () => {
    const at = await server();
    const vr = await startInProcess({ plugins: [taking(at, "top_k", "logit_bias", "stop")] });
    const asked = { top_k: 20, logit_bias: { "50256": -100 }, stop: ["\n\n"], mood: "good" };
    for (const answer of [await vr.post(asked), await vr.stream(asked)])
      expect([answer.status, warningOf(answer)]).toEqual([200, ignored("mood")]);
    const { mood: _, ...passed } = asked;
    expect(sent(at)).toEqual([passed, passed]);
  });

  it("null is one that is not there", async () => {
    const at = await server();
    const vr = await startInProcess({ plugins: [taking(at, "top_k")] });
    expect(warningOf(await vr.post({ top_k: null }))).toBeNull();
    expect(sent(at)).toEqual([{}]);
  });

  it("is looked up on what was sent, not on what objects inherit", async () => {
    const at = await server();
    const vr = await startInProcess({ plugins: [taking(at, "toString", "constructor")] });
    expect(warningOf(await vr.post())).toBeNull();
    expect(sent(at)).toEqual([{}]);
  });

  it("is seen and changed by taps where it passes", async () => {
    const at = await server();
    const seen: ModelRequest["extra"][] = [];
    const watching = plugin("watching", (vr) =>
      vr.hooks.beforeUpstream.tap((request) => {
        seen.push(request.extra);
        return { ...request, extra: { ...request.extra, top_k: 1 } };
      }),
    );
    const vr = await startInProcess({ plugins: [taking(at, "top_k", "seed"), watching] });
    await vr.post({ top_k: 20, seed: 7, mood: "good" });
    expect([seen, sent(at)]).toEqual([[{ top_k: 20, seed: 7 }], [{ top_k: 1, seed: 7 }]]);
  });

  it("what a tap adds passes to no upstream that does not take it, and is told", async () => {
    const at = await server();
    const adding = plugin("adding", (vr) =>
      vr.hooks.beforeUpstream.tap((request) => ({ ...request, extra: { messages: [], min_p: 1 } })),
    );
    const vr = await startInProcess({ plugins: [taking(at, "min_p"), adding] });
    expect(warningOf(await vr.post())).toBe(ignored("messages"));
    expect(sent(at)).toEqual([{ min_p: 1 }]);
  });

  it("is told once however many turns ignore it", async () => {
    const model = scripted(says("noon"));
    const vr = await startInProcess({ plugins: [model] });
    expect(warningOf(await vr.post({ top_k: 1 }))).toBe(ignored("top_k"));
    expect(vr.log.filter(({ message }) => message.includes("top_k"))).toHaveLength(1);
  });

  it("is told also where a tap answers instead of a model", async () => {
    const answering = plugin("answering", (vr) =>
      vr.hooks.beforeUpstream.tap((_, turn) => turn.answer([{ type: "text", text: "noon" }])),
    );
    const vr = await startInProcess({ plugins: [scripted(), answering] });
    expect(warningOf(await vr.post({ top_k: 1 }))).toBe(ignored("top_k"));
  });

  it.each([
    ["a long text", "x".repeat(70_000)],
    ["a large object", Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`${i}`, -100]))],
  ])("is refused where it passes with %s; no other is looked at", async (_, value) => {
    const at = await server();
    const vr = await startInProcess({ plugins: [taking(at, "logit_bias")] });
    const { status, error } = await vr.post({ logit_bias: value });
    expect([status, error.param, at.requests.length]).toEqual([400, "logit_bias", 0]);
    expect((await vr.post({ mood: value })).status).toBe(200);
  });

  it("must be JSON where a tap adds it", async () => {
    const at = await server();
    const round: Record<string, unknown> = {};
    round.round = round;
    const adding = plugin("adding", (vr) =>
      vr.hooks.beforeUpstream.tap((request) => ({ ...request, extra: { seed: round } })),
    );
    const vr = await startInProcess({ plugins: [taking(at, "seed"), adding] });
    expect([(await vr.post()).status, at.requests.length]).toEqual([400, 0]);
  });
});

describe("with several upstreams", () => {
  const both = async (first: (at: ChatServer) => void) => {
    const [a, b] = [await server(), await server()];
    first(a);
    const routes: InProcessOptions["routes"] = [
      { model: "*", to: "takes top_k,seed", fallbacks: ["takes top_k,min_p"] },
    ];
    const plugins = [taking(a, "top_k", "seed"), taking(b, "top_k", "min_p")];
    return { a, b, vr: await startInProcess({ plugins, routes }) };
  };
  const asked = { model: "m", top_k: 1, seed: 2, min_p: 3, mood: "good" };

  it("each is given its own; the client is told what the one that answers has ignored", async () => {
    const { a, b, vr } = await both(() => {});
    expect(warningOf(await vr.post(asked))).toBe(`${ignored("mood")}; ${ignored("min_p")}`);
    expect([sent(a), sent(b)]).toEqual([[{ top_k: 1, seed: 2 }], []]);
  });

  it("a fallback too", async () => {
    const { a, b, vr } = await both((at) => at.reply(json({ error: "busy" }, 503)));
    const warning = warningOf(await vr.stream(asked));
    expect(warning).toContain(ignored("seed"));
    expect(warning).not.toContain(ignored("min_p"));
    expect([sent(a), sent(b)]).toEqual([[{ top_k: 1, seed: 2 }], [{ top_k: 1, min_p: 3 }]]);
  });
});
