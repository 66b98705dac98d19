import { describe, expect, it } from "vitest";
import type { Tool } from "../../core/index.ts";
import type { OutputItem } from "../../core/protocol/wire.ts";
import { bothWays, plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";
import { collectSse } from "../helpers/sse.ts";

const cyclic: Record<string, unknown> = { type: "input_text" };
cyclic.text = cyclic;

/** A tool of plain JavaScript, which no type holds to anything. */
const odd = (execute: (turn: Parameters<Tool["execute"]>[1]) => unknown) =>
  plugin("odd", ({ tools }) =>
    tools.add({ name: "odd", parameters: {}, execute: (_, turn) => execute(turn) as never }),
  );
const asked = () => scripted(calls(["odd", {}]), says("well"));

describe("a tool's result that is none", () => {
  it.each<[string, unknown]>([
    ["an output without a value", { kind: "output" }],
    ["a number for an output", { kind: "output", output: 42 }],
    ["an object for an output", { kind: "output", output: { a: 1 } }],
    ["parts that are null", { kind: "output", output: [null] }],
    ["parts of an unknown type", { kind: "output", output: [{ type: "video" }] }],
    ["a part whose text refers to itself", { kind: "output", output: [cyclic] }],
    ["an error without words", { kind: "error" }],
    ["an error that is an object", { kind: "error", message: cyclic }],
    ["an error that is an Error", { kind: "error", message: new Error("no") }],
    ["nothing", undefined],
    ["null", null],
    ["a number", 42],
    ["true", true],
    ["an Error that was returned", new Error("no")],
    ["a map, whose JSON holds nothing", new Map([["a", 1]])],
    ["a function", () => "12"],
  ])("%s: the call fails, the model is told, the response goes on", async (_, result) => {
    const { response } = await bothWays(() => ({ plugins: [asked(), odd(() => result)] }));
    expect(response.status).toBe("completed");
    expect(response.output).toMatchObject([
      {
        type: "mcp_call",
        status: "failed",
        error: { content: [{ type: "text", text: "The tool gave no result." }] },
      },
      { type: "message" },
    ]);
  });

  it("says so when it cannot be written as JSON", async () => {
    const { response } = await bothWays(() => ({ plugins: [asked(), odd(() => cyclic)] }));
    expect(response.output[0]).toMatchObject({
      status: "failed",
      error: { content: [{ text: "The tool gave a result that cannot be written as JSON." }] },
    });
  });

  it("of an onToolCall tap fails the response: a guardrail's slip is no silence", async () => {
    const ran: string[] = [];
    const guard = plugin("guard", ({ hooks }) =>
      hooks.onToolCall.tap(() => ({ kind: "output", output: 42 }) as never),
    );
    const tool = odd(() => {
      ran.push("odd");
      return { kind: "output", output: "ran" };
    });
    const vr = await startInProcess({ plugins: [asked(), guard, tool] });
    expect((await vr.stream()).response).toMatchObject({
      status: "failed",
      error: { message: 'plugin "guard" returned something in onToolCall that is not a decision' },
    });
    expect(ran).toEqual([]);
  });
});

describe("a tool's result that is its output alone", () => {
  it.each<[string, unknown, string]>([
    ["a text", "noon", "noon"],
    ["an empty text", "", ""],
    ["a plain object, which is read as JSON", { hour: 12, zone: "UTC" }, '{"hour":12,"zone":"UTC"}'],
    ["one without a prototype", Object.assign(Object.create(null), { hour: 12 }), '{"hour":12}'],
    ["data that has a kind of its own", { kind: "cat", name: "Tom" }, '{"kind":"cat","name":"Tom"}'],
    ["an empty object", {}, "{}"],
    ["a list of data", [{ hour: 12 }, 13], '[{"hour":12},13]'],
    ["the promise of one", Promise.resolve({ hour: 12 }), '{"hour":12}'],
  ])("%s", async (_, result, output) => {
    const { response } = await bothWays(() => ({ plugins: [asked(), odd(() => result)] }));
    expect(response.output[0]).toMatchObject({ type: "mcp_call", status: "completed", output });
  });

  it("may be content parts", async () => {
    const model = asked();
    const parts = [{ type: "input_text", text: "noon" }];
    const vr = await startInProcess({ plugins: [model, odd(() => parts)] });
    await vr.post();
    expect(model.read(1).at(-1)).toMatchObject({ type: "function_call_output", output: parts });
  });
});

describe("progress that is no event of the call's item", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an event without a type", {}],
    ["the end of the response", { type: "response.completed", response: {} }],
    ["its beginning", { type: "response.created", response: {} }],
    ["the end of the item", { type: "response.output_item.done", item: {} }],
    ["an error", { type: "error", message: "x" }],
  ])("%s is refused where it is reported; the stream stays valid", async (_, event) => {
    const tool = odd((turn) => {
      turn.progress(event as never);
      return { kind: "output", output: "ok" };
    });
    const vr = await startInProcess({ plugins: [asked(), tool] });
    const { response } = await vr.stream();
    expect(response.status).toBe("completed");
    expect(response.output[0]).toMatchObject({ type: "mcp_call", status: "failed" });
  });

  it("that cannot be written leaves no gap in the numbers", async () => {
    const tool = odd((turn) => {
      turn.progress({ type: "response.mcp_call.in_progress", cyclic });
      return { kind: "output", output: "ok" };
    });
    const vr = await startInProcess({ plugins: [asked(), tool] });
    expect((await vr.stream()).response.status).toBe("completed");
  });
});

describe("an item that cannot be written as JSON", () => {
  it("fails the response, which still ends with one terminal event and [DONE]", async () => {
    const rewriter = plugin("rewriter", ({ hooks }) =>
      hooks.onOutputItem.tap((item) =>
        item.type === "mcp_call" ? ({ ...item, output: cyclic } as unknown as OutputItem) : undefined,
      ),
    );
    const tool = odd(() => ({ kind: "output", output: "ok" }));
    const vr = await startInProcess({ plugins: [asked(), tool, rewriter] });
    const answer = await fetch(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "hello", stream: true }),
    });
    const events = await collectSse(answer);
    expect(events.map((event) => (event as { sequence_number?: number }).sequence_number)).toEqual(
      events.map((_, i) => i),
    );
    expect(events.filter(({ type }) => /^response\.(completed|failed|incomplete)$/.test(type))).toEqual([
      expect.objectContaining({ type: "response.failed" }),
    ]);
  });
});

describe("an error that is its own cause", () => {
  const circular = new Error("again");
  circular.cause = circular;

  it("thrown by a tool is told to the model like any other", async () => {
    const tool = odd(() => {
      throw circular;
    });
    const vr = await startInProcess({ plugins: [asked(), tool] });
    expect((await vr.stream()).response).toMatchObject({ status: "completed" });
  });
});
