import { describe, expect, it } from "vitest";
import { functionNamesOf, JsonBudget, type ToolEntry } from "../../core/index.ts";
import { toObjectText, withObjectArguments } from "../../core/protocol/object-arguments.ts";
import { stepAside } from "../../core/step-aside.ts";
import type { Store } from "../../core/store.ts";
import { mcp } from "../../plugins/mcp/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

const MANY = 33_000;
const many = <T>(make: (i: number) => T): T[] => Array.from({ length: MANY }, (_, i) => make(i));
const functions = many((i) => ({ type: "function", name: `f${i}` }));

// What is not linear takes minutes at this size: these tests end by their time limit then.
describe("a request with as many values as there may be", () => {
  const start = () =>
    startInProcess({ plugins: [scripted(says("ok"), says("ok")), mcp()], http: { bodyBytes: 1e8 } });

  it("may allow each of its functions, several times too", async () => {
    const vr = await start();
    const tools = many((i) => ({ type: "function", name: `f${Math.floor(i / 2)}` }));
    const tool_choice = { type: "allowed_tools", mode: "auto", tools };
    const body = { store: false, tools: functions.slice(0, MANY / 2), tool_choice };
    expect((await vr.post(body)).status).toBe(200);
  });

  it("may refer to one item again and again, which is read once", async () => {
    let reads = 0;
    const counting = plugin("counting", ({ stores }) => {
      const store: Store = {
        name: "counting",
        putResponse: async () => {},
        getResponse: async (id) => {
          reads++;
          const item = { type: "message", role: "user", content: "noon?", id: "msg_1" } as const;
          return { response: { id } as never, items: [{ item }] };
        },
        getHistory: async () => undefined,
        deleteResponse: async () => false,
        responseOfItem: async () => `resp_${"1".repeat(48)}`,
      };
      stores.use(store);
    });
    const model = scripted(says("ok"));
    const vr = await startInProcess({ plugins: [model], store: counting, http: { bodyBytes: 1e8 } });
    const input = many(() => ({ type: "item_reference", id: "msg_1" }));
    expect((await vr.post({ input, store: false })).status).toBe(200);
    expect(model.read(0)).toHaveLength(MANY);
    expect(reads).toBe(1);
  });

  it("may name 128 tools beside functions, each of which a plugin may have to ask for", async () => {
    const vr = await start();
    const entries = (count: number) => [
      ...functions.slice(0, 200),
      ...Array.from({ length: count }, () => ({ type: "web_search" })),
    ];
    expect((await vr.post({ store: false, tools: entries(128) })).status).toBe(200);
    const { status, error } = await vr.post({ store: false, tools: entries(129) });
    expect([status, error.param]).toEqual([400, "tools"]);
    expect(error.message).toContain("128");
  });

  it("warns a hundred times at most", async () => {
    const vr = await start();
    await vr.post({ store: false, tools: Array.from({ length: 128 }, () => ({ type: "web_search" })) });
    expect(vr.log.filter(({ message }) => message.includes("left out"))).toHaveLength(100);
  });
});

describe("the names of a request's functions", () => {
  it("are gathered once, however often they are asked for", () => {
    let reads = 0;
    const entry = {
      type: "function",
      get name() {
        reads++;
        return "clock";
      },
    } as unknown as ToolEntry;
    const entries = [entry];
    for (let i = 0; i < 3; i++) expect(functionNamesOf(entries).has("clock")).toBe(true);
    expect(reads).toBe(1);
  });
});

describe("JSON in strings", () => {
  const arrays = (values: number) => `{"a":[${"[],".repeat(values - 3)}1]}`;

  it("is parsed as long as all of it in a request holds no more values than a request may", () => {
    const budget = new JsonBudget();
    // The first may be as long as what can hold no more.
    expect(budget.takes(arrays(130_000))).toBe(true);
    expect(budget.takes(arrays(150_000))).toBe(true);
    expect(budget.takes(arrays(60_000))).toBe(false);
    expect(budget.takes(arrays(40_000))).toBe(true);
    expect(budget.takes(`{"a":"${"x".repeat(1e6)}"}`)).toBe(true);
    expect(budget.takes(`{"a":"${"x".repeat(1e6)}","b":${"[".repeat(100)}${"]".repeat(100)}}`)).toBe(false);
  });

  it("of a call's arguments goes upstream as a text beyond that", () => {
    const text = arrays(300_000);
    expect(JSON.parse(toObjectText(text))).toEqual({ arguments: text });
    const call = (args: string) => ({
      item: { type: "function_call", call_id: "c", name: "f", arguments: args },
    });
    const request = { items: [150_000, 150_001, 10].map((values) => call(arrays(values))) };
    const { items } = withObjectArguments(request as never);
    const sent = items.map(({ item }) => (item as { arguments: string }).arguments);
    expect(sent.map((text) => text.startsWith('{"a":'))).toEqual([true, false, true]);
  });

  it("is counted in what an MCP server is called with, and what it has answered", async () => {
    const output = `[{"type":"text","text":"noon","a":${arrays(300_000)}}]`;
    const model = scripted(says("ok"));
    const vr = await startInProcess({
      plugins: [model, mcp({ servers: { s: { command: process.execPath, args: ["-e", ""] } } })],
      http: { bodyBytes: 1e8 },
    });
    const call = { type: "mcp_call", id: "mcp_1", server_label: "s", name: "f", arguments: "{}", output };
    expect((await vr.post({ store: false, input: [{ role: "user", content: "?" }, call] })).status).toBe(200);
    expect(model.read(0)).toContainEqual(expect.objectContaining({ type: "function_call_output", output }));
  });
});

describe("stepAside", () => {
  it("lets each caller go on in an iteration of the event loop of its own, in their order", async () => {
    const order: string[] = [];
    let iteration = 0;
    const count = () => {
      iteration++;
      if (order.length < 3) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(
      ["a", "b", "c"].map((name) => stepAside().then(() => order.push(`${name}${iteration}`))),
    );
    expect(order.map((entry) => entry[0])).toEqual(["a", "b", "c"]);
    expect(new Set(order.map((entry) => entry.slice(1))).size).toBe(3);
  });
});
