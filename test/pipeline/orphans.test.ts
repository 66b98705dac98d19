import { describe, expect, it } from "vitest";
import { GuardrailStop } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { args, begin, call, finish, text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, gate, says, scripted } from "../helpers/scripted.ts";

const weather = { type: "function", name: "weather", parameters: { type: "object" } };
const user = (words: string) => ({ role: "user", content: words });
const called = (call_id: string) => ({ type: "function_call", call_id, name: "weather", arguments: "{}" });
const output = (call_id: string, words = "sun") => ({ type: "function_call_output", call_id, output: words });
const pairsOf = (items: readonly object[]) =>
  items.flatMap((item) => {
    const { type, call_id, output } = item as Record<string, unknown>;
    return type === "function_call"
      ? [`call ${call_id}`]
      : type === "function_call_output"
        ? [`${call_id}: ${output}`]
        : [];
  });

describe("the request's own input", () => {
  it("may hold as many items as fit into the body", async () => {
    const model = scripted(says("read"));
    const vr = await startInProcess({
      plugins: [model],
      http: { bodyBytes: 16 * 1024 * 1024, jsonValues: 1_000_000 },
    });
    const input = Array.from({ length: 200_000 }, () => user("?"));
    expect((await vr.post({ input, store: false })).status).toBe(200);
    expect(model.read(0)).toHaveLength(200_000);
  });

  it.each([
    ["an output without its call", [user("?"), output("call_9")]],
    ["a call without its output", [user("?"), called("call_9")]],
    ["a call whose output answers another", [user("?"), called("call_9"), output("call_8")]],
  ])("is a 400 with the call_id for %s", async (_, input) => {
    const vr = await startInProcess({ plugins: [scripted()] });
    for (const ask of [vr.post, vr.stream]) {
      const { status, error } = await ask({ input });
      expect(status).toBe(400);
      expect(error).toMatchObject({ type: "invalid_request_error", param: "input" });
      expect(error.message).toContain("call_9");
    }
  });

  it("is fine with calls that are answered, in whatever order", async () => {
    const model = scripted(says("ok"));
    const vr = await startInProcess({ plugins: [model] });
    const input = [user("?"), called("a"), called("b"), output("b"), output("a")];
    expect((await vr.post({ input })).status).toBe(200);
    expect(pairsOf(model.read(0))).toEqual(["call a", "call b", "b: sun", "a: sun"]);
  });
});

describe("a call in stored history without an output", () => {
  /** A response that ended with two open calls of the client's. */
  const asked = async () => {
    const model = scripted(calls(["weather", { n: 1 }], ["weather", { n: 2 }]), says("well"), says("well"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.stream({ tools: [weather], input: "?" });
    return { vr, model, previous_response_id: response.id };
  };
  const none = "no output was given";

  it("is answered for the model when the client goes on without one", async () => {
    const { vr, model, previous_response_id } = await asked();
    expect((await vr.post({ previous_response_id, input: "never mind" })).status).toBe(200);
    expect(pairsOf(model.read(1))).toEqual([
      "call call_weather_0",
      `call_weather_0: ${none}`,
      "call call_weather_1",
      `call_weather_1: ${none}`,
    ]);
    expect(model.requests[1]?.items.slice(1, 5).map(({ turn }) => turn)).toEqual([0, 0, 0, 0]);
  });

  it("is answered only where the client did not", async () => {
    const { vr, model, previous_response_id } = await asked();
    await vr.post({ previous_response_id, input: [output("call_weather_1", "rain")] });
    expect(pairsOf(model.read(1))).toEqual([
      "call call_weather_0",
      `call_weather_0: ${none}`,
      "call call_weather_1",
      "call_weather_1: rain",
    ]);
  });

  it("does not poison what follows: it is answered in every later turn too", async () => {
    const { vr, model, previous_response_id } = await asked();
    const { response } = await vr.post({ previous_response_id, input: "never mind" });
    expect((await vr.post({ previous_response_id: response.id, input: "and?" })).status).toBe(200);
    expect(pairsOf(model.read(2))).toHaveLength(4);
  });

  it("cannot be answered by an output for another call", async () => {
    const { vr, previous_response_id } = await asked();
    const { status, error } = await vr.post({ previous_response_id, input: [output("call_9")] });
    expect(status).toBe(400);
    expect(error.message).toContain("call_9");
  });
});

describe("a call that was cut off", () => {
  const bomb = plugin("guard", ({ hooks }) =>
    hooks.onChunk.tap((chunk) => {
      if (chunk.type === "text" && chunk.text === "forbidden") throw new GuardrailStop("no");
    }),
  );
  const clock = plugin("clock", ({ tools }) =>
    tools.add({ name: "clock", parameters: {}, execute: () => ({ kind: "output", output: "12" }) }),
  );
  const half = [text("I ask"), begin("weather", 0), args(0, '{"city":"Par'), ...call("clock", {}, 1)];

  it.each([
    ["by the length limit", [...half, finish("length")]],
    ["by a guardrail", [...half, text("forbidden"), finish()]],
    ["by an upstream that broke off", [...half, new Error("crash")]],
  ])("%s leaves the history as if it had never begun", async (_, turn) => {
    const model = scripted(turn, says("well"));
    const vr = await startInProcess({ plugins: [model, bomb, clock] });
    const { response } = await vr.stream({ tools: [weather], input: "?" });
    expect(response.output.map(({ type }) => type)).toEqual(["message", "function_call", "mcp_call"]);
    expect((await vr.post({ previous_response_id: response.id, input: "go on" })).status).toBe(200);
    expect(model.read(1).map((item) => item.type ?? "message")).toEqual(["message", "message", "message"]);
  });

  it("by the client's leaving is not in the history, which holds what was finished", async () => {
    const ended = Promise.withResolvers<string>();
    const watch = plugin("watch", ({ hooks }) => hooks.onComplete.tap(({ id }) => ended.resolve(id)));
    const never = gate();
    const model = scripted([...half, never.promise], says("well"));
    const vr = await startInProcess({ plugins: [model, clock, watch] });
    const stream = await vr.open({ tools: [weather], input: "?" });
    await stream.until("response.mcp_call_arguments.delta");
    stream.leave();
    const previous_response_id = await ended.promise;
    expect((await vr.get(previous_response_id)).response).toMatchObject({
      status: "cancelled",
      output: [{ type: "message", status: "completed" }],
    });
    expect((await vr.post({ previous_response_id, input: "go on" })).status).toBe(200);
    expect(model.read(1)).toHaveLength(3);
  });
});
