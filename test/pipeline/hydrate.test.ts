import { describe, expect, it } from "vitest";
import { storeKeyv } from "../../plugins/store-keyv/index.ts";
import { storeSqlite } from "../../plugins/store-sqlite/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { call, finish, text, think } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { codeInterpreter } from "../helpers/plugins/code-interpreter.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

const weather = { type: "function", name: "weather", parameters: { type: "object" } };
const user = (words: string) => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text: words }],
});
/** A message as the model reads it, by its words. */
const wordsOf = (items: readonly unknown[]) =>
  items.map((item) => {
    const { type, role, content, arguments: values, output } = item as Record<string, unknown>;
    if (type === "function_call") return `call ${values}`;
    if (type === "function_call_output") return `output ${output}`;
    const parts =
      typeof content === "string"
        ? content
        : (content as { text: string }[]).map((part) => part.text).join("");
    return `${role ?? type}: ${parts}`;
  });

describe.each([
  ["SQLite", storeSqlite],
  ["Keyv", storeKeyv],
])("previous_response_id on %s", (_, store) => {
  it("gives the model the whole conversation, in order, and then the new input", async () => {
    const model = scripted(says("one"), [think("hm"), text("two"), finish()], says("three"));
    const vr = await startInProcess({ plugins: [model], store: store() });
    const first = await vr.post({ input: "1?" });
    const second = await vr.stream({ input: [user("2?")], previous_response_id: first.response.id });
    const { response } = await vr.post({ input: "3?", previous_response_id: second.response.id });
    expect(wordsOf(model.read(2))).toEqual([
      "user: 1?",
      "assistant: one",
      "user: 2?",
      "reasoning: hm",
      "assistant: two",
      "user: 3?",
    ]);
    expect(response.previous_response_id).toBe(second.response.id);
  });

  it("works at the moment the stream's terminal event has come", async () => {
    const model = scripted(says("one"), says("two"));
    const vr = await startInProcess({ plugins: [model], store: store() });
    const stream = await vr.open({ input: "1?" });
    const { response } = await stream.until("response.completed");
    const next = await vr.post({ input: "2?", previous_response_id: response.id });
    expect(next.status).toBe(200);
    expect(wordsOf(model.read(1))).toEqual(["user: 1?", "assistant: one", "user: 2?"]);
  });

  it("forks: two answers to one response know nothing of each other", async () => {
    const model = scripted(says("one"), says("left"), says("right"), says("more"));
    const vr = await startInProcess({ plugins: [model], store: store() });
    const { response } = await vr.post({ input: "1?" });
    const left = await vr.post({ input: "left?", previous_response_id: response.id });
    await vr.post({ input: "right?", previous_response_id: response.id });
    await vr.post({ input: "more?", previous_response_id: left.response.id });
    expect(wordsOf(model.read(2))).toEqual(["user: 1?", "assistant: one", "user: right?"]);
    expect(wordsOf(model.read(3))).toEqual([
      "user: 1?",
      "assistant: one",
      "user: left?",
      "assistant: left",
      "user: more?",
    ]);
  });

  it("continues with calls and their outputs", async () => {
    const model = scripted(calls(["weather", { city: "Paris" }]), says("sunny"));
    const vr = await startInProcess({ plugins: [model], store: store() });
    const { response } = await vr.stream({ tools: [weather] });
    const output = { type: "function_call_output", call_id: "call_weather_0", output: "sun" };
    await vr.post({ previous_response_id: response.id, input: [output], tools: [weather] });
    expect(wordsOf(model.read(1)).slice(1)).toEqual(['call {"city":"Paris"}', "output sun"]);
  });

  it.each([
    ["nobody knows", async () => `resp_${"0".repeat(48)}`],
    ["is no id at all", async () => "yesterday"],
  ])("is a 400 when %s", async (_, idOf) => {
    const vr = await startInProcess({ plugins: [scripted()], store: store() });
    const previous_response_id = await idOf();
    for (const ask of [vr.post, vr.stream]) {
      const { status, error } = await ask({ previous_response_id });
      expect(status).toBe(400);
      expect(error).toMatchObject({
        type: "invalid_request_error",
        code: "previous_response_not_found",
        param: "previous_response_id",
      });
    }
  });

  it("is a 400 for a response that was not stored", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("one"))], store: store() });
    const { response } = await vr.post({ store: false });
    expect((await vr.get(response.id)).status).toBe(404);
    expect((await vr.post({ previous_response_id: response.id })).error.code).toBe(
      "previous_response_not_found",
    );
  });

  it("is a 400 for a response that was deleted, and for what continued it", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("one"), says("two"))], store: store() });
    const first = await vr.post();
    const second = await vr.post({ previous_response_id: first.response.id });
    expect(await vr.remove(first.response.id)).toBe(200);
    for (const { response } of [first, second])
      expect((await vr.post({ previous_response_id: response.id })).error.code).toBe(
        "previous_response_not_found",
      );
  });
});

describe("previous_response_id", () => {
  it("carries over neither instructions nor tools", async () => {
    const model = scripted(says("one"), says("two"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.post({ instructions: "Be brief.", tools: [weather], temperature: 0.1 });
    const next = await vr.post({ previous_response_id: response.id, input: "2?" });
    expect(model.requests[1]).toMatchObject({ instructions: undefined, tools: [], temperature: undefined });
    expect(JSON.stringify(model.requests[1])).not.toContain("Be brief");
    expect(next.response).toMatchObject({ instructions: null, tools: [] });
  });

  it("needs no input", async () => {
    const model = scripted(says("one"), says("two"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.post({ input: "1?" });
    expect((await vr.post({ previous_response_id: response.id, input: [] })).status).toBe(200);
    expect(wordsOf(model.read(1))).toEqual(["user: 1?", "assistant: one"]);
  });

  it("can be continued from a response that is not stored itself", async () => {
    const model = scripted(says("one"), says("two"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.post({ input: "1?" });
    expect((await vr.post({ previous_response_id: response.id, store: false })).status).toBe(200);
  });

  it("finds nothing on a gateway without a store, and says so", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("one"))], store: null });
    const { response } = await vr.post();
    expect((await vr.post({ previous_response_id: response.id })).error.code).toBe(
      "previous_response_not_found",
    );
  });

  it("continues from a failed response with what it brought", async () => {
    const model = scripted([text("half a"), new Error("crash")], says("whole"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.stream({ input: "1?" });
    expect(response.status).toBe("failed");
    expect((await vr.post({ previous_response_id: response.id, input: "again?" })).status).toBe(200);
    expect(wordsOf(model.read(1))).toEqual(["user: 1?", "assistant: half a", "user: again?"]);
  });
});

describe("the turns of a conversation", () => {
  const clock = plugin("clock", ({ tools }) =>
    tools.add({ name: "clock", parameters: {}, execute: () => ({ kind: "output", output: "12" }) }),
  );

  it("are told apart, so that each becomes one assistant message however many results it holds", async () => {
    const model = scripted(
      [think("hm"), ...call("clock", { n: 1 }, 0), ...call("clock", { n: 2 }, 1), finish("tool_calls")],
      [text("and"), ...call("clock", { n: 3 }), finish("tool_calls")],
      says("noon"),
      says("one"),
      says("two"),
    );
    const vr = await startInProcess({ plugins: [model, clock] });
    const first = await vr.stream({ input: "1?" });
    const second = await vr.post({ input: "2?", previous_response_id: first.response.id });
    await vr.post({ input: "3?", previous_response_id: second.response.id });
    const turns = model.requests[4]?.items.map(({ item, turn }) => [turn, wordsOf([item])[0]]);
    expect(turns).toEqual([
      [undefined, "user: 1?"],
      [0, "reasoning: hm"],
      [0, 'call {"n":1}'],
      [0, "output 12"],
      [0, 'call {"n":2}'],
      [0, "output 12"],
      [1, "assistant: and"],
      [1, 'call {"n":3}'],
      [1, "output 12"],
      [2, "assistant: noon"],
      [undefined, "user: 2?"],
      [3, "assistant: one"],
      [undefined, "user: 3?"],
    ]);
  });

  it("go on counting while a response is made", async () => {
    const model = scripted(says("one"), calls(["clock", {}]), says("two"));
    const vr = await startInProcess({ plugins: [model, clock] });
    const { response } = await vr.post({ input: "1?" });
    await vr.post({ input: "2?", previous_response_id: response.id });
    expect(model.requests[2]?.items.map(({ turn }) => turn)).toEqual([undefined, 0, undefined, 1, 1]);
  });

  it("replay hosted items of one turn in that turn", async () => {
    const model = scripted(
      [
        text("I run"),
        ...call("python", { code: "1" }, 0),
        ...call("python", { code: "2" }, 1),
        finish("tool_calls"),
      ],
      says("done"),
      says("again"),
    );
    const vr = await startInProcess({
      plugins: [model, codeInterpreter((code) => ({ logs: `ran ${code}` }))],
    });
    const { response } = await vr.stream({
      tools: [{ type: "code_interpreter", container: { type: "auto" } }],
    });
    await vr.post({ previous_response_id: response.id, input: "2?" });
    const replayed = model.requests[2]?.items.slice(1, 6).map(({ item, turn }) => [turn, wordsOf([item])[0]]);
    expect(replayed).toEqual([
      [0, "assistant: I run"],
      [0, 'call {"code":"1"}'],
      [0, "output ran 1"],
      [0, 'call {"code":"2"}'],
      [0, "output ran 2"],
    ]);
  });
});

describe("item_reference", () => {
  const reference = (id: string) => ({ type: "item_reference", id });
  const idOf = (item: unknown) => (item as { id: string }).id;

  it("stands for the stored item, without previous_response_id", async () => {
    const model = scripted([think("hm"), text("one"), finish()], says("two"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.post({ input: "1?" });
    const ids = response.output.map(idOf);
    await vr.post({ input: [user("1?"), ...ids.map(reference), user("2?")] });
    expect(wordsOf(model.read(1))).toEqual(["user: 1?", "reasoning: hm", "assistant: one", "user: 2?"]);
  });

  it("may come without its type", async () => {
    const model = scripted(says("one"), says("two"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.post({ input: "1?" });
    await vr.post({ input: [{ id: idOf(response.output[0]) }, user("2?")] });
    expect(wordsOf(model.read(1))).toEqual(["assistant: one", "user: 2?"]);
  });

  it("adds nothing when previous_response_id brings the item already", async () => {
    const model = scripted(says("one"), says("two"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.post({ input: "1?" });
    const input = [reference(idOf(response.output[0])), user("2?")];
    await vr.post({ input, previous_response_id: response.id });
    expect(wordsOf(model.read(1))).toEqual(["user: 1?", "assistant: one", "user: 2?"]);
  });

  it("brings an item of another conversation beside previous_response_id", async () => {
    const model = scripted(says("one"), says("other"), says("two"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.post({ input: "1?" });
    const other = await vr.post({ input: "other?" });
    const input = [reference(idOf(other.response.output[0])), user("2?")];
    await vr.post({ input, previous_response_id: response.id });
    expect(wordsOf(model.read(2))).toEqual(["user: 1?", "assistant: one", "assistant: other", "user: 2?"]);
  });

  it("is kept resolved: what continues the response reads the item even when its origin is gone", async () => {
    const model = scripted(says("one"), says("two"), says("three"));
    const vr = await startInProcess({ plugins: [model] });
    const first = await vr.post({ input: "1?" });
    const second = await vr.post({ input: [reference(idOf(first.response.output[0])), user("2?")] });
    await vr.remove(first.response.id);
    await vr.post({ input: "3?", previous_response_id: second.response.id });
    expect(wordsOf(model.read(2))).toEqual(["assistant: one", "user: 2?", "assistant: two", "user: 3?"]);
  });

  it("stands for a hosted call with what the client was not shown", async () => {
    const model = scripted(calls(["python", { code: "1" }]), says("done"), says("again"));
    const vr = await startInProcess({
      plugins: [model, codeInterpreter((code) => ({ logs: `ran ${code}` }))],
    });
    const { response } = await vr.stream({
      tools: [{ type: "code_interpreter", container: { type: "auto" } }],
    });
    await vr.post({ input: [reference(idOf(response.output[0])), user("2?")] });
    expect(wordsOf(model.read(2))).toEqual(['call {"code":"1"}', "output ran 1", "user: 2?"]);
  });

  it("stands for a call and for its output in one input", async () => {
    const model = scripted(calls(["weather", { city: "Paris" }]), says("sunny"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.stream({ input: "1?", tools: [weather] });
    const output = { type: "function_call_output", call_id: "call_weather_0", output: "sun" };
    await vr.post({ input: [user("1?"), reference(idOf(response.output[0])), output], tools: [weather] });
    expect(wordsOf(model.read(1))).toEqual(["user: 1?", 'call {"city":"Paris"}', "output sun"]);
  });

  it.each([
    ["nobody knows", `msg_${"0".repeat(52)}`],
    ["is of no kind that vr makes", "msg_123"],
  ])("is a 404 when its id %s, naming the entry", async (_, id) => {
    const vr = await startInProcess({ plugins: [scripted()] });
    const { status, error } = await vr.post({ input: [user("1?"), reference(id)] });
    expect(status).toBe(404);
    expect(error).toMatchObject({ param: "input[1].id", code: "item_not_found" });
    expect(error.message).toContain(id);
  });

  it("is a 404 for an item of a response that was not stored", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("one"))] });
    const { response } = await vr.post({ store: false });
    expect((await vr.post({ input: [reference(idOf(response.output[0]))] })).status).toBe(404);
  });
});

describe("an input of which nothing can be read", () => {
  it("is refused: a model server would each fail in its own way at an empty conversation", async () => {
    const model = scripted(says("never"));
    const vr = await startInProcess({ plugins: [model] });
    const { status, error } = await vr.post({
      input: [{ type: "web_search_call", id: "ws_1", status: "completed" }],
    });
    expect(status).toBe(400);
    expect(error?.param).toBe("input");
    expect(model.requests).toHaveLength(0);
  });
});

describe("penalties", () => {
  it("reach the model and come back as they were asked for", async () => {
    const model = scripted(says("noon"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.post({ frequency_penalty: 0.5, presence_penalty: -1 });
    expect(model.requests[0]).toMatchObject({ frequencyPenalty: 0.5, presencePenalty: -1 });
    expect(response).toMatchObject({ frequency_penalty: 0.5, presence_penalty: -1 });
  });
});
