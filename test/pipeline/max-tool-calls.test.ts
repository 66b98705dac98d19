import { describe, expect, it } from "vitest";
import type { Hooks, ToolDecision, ToolEntry } from "../../core/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { args, begin, call, finish, text, think } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { mcp } from "../helpers/plugins/mcp.ts";
import { calls, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

const weather = { type: "function", name: "weather", parameters: { type: "object" } } as const;
const counted = (...ns: number[]) => calls(...ns.map((n): [string, object] => ["count", { n }]));

/** What a request with this limit leads to, streamed; `count` is a tool of the gateway. */
async function limited(
  max: number,
  turns: readonly ScriptedTurn[],
  more: object = {},
  decision?: ToolDecision,
) {
  const ran: unknown[] = [];
  const asked: unknown[] = [];
  const model = scripted(...turns);
  const vr = await startInProcess({
    plugins: [
      model,
      plugin("counter", ({ tools, hooks }) => {
        const parameters = { type: "object" };
        tools.add({ name: "count", parameters, execute: (values) => `counted ${ran.push(values)}` });
        hooks.onToolCall.tap((each) => {
          asked.push(each.arguments);
          return decision;
        });
      }),
    ],
    limits: { maxTurns: 5 },
  });
  const { response, events } = await vr.stream({ max_tool_calls: max, ...more });
  const types = response.output.map(({ type }) => type);
  const offered = model.requests.map(({ tools }) => tools.map(({ name }) => name));
  return { ran, asked, model, response, events, types, offered };
}

describe("a call past max_tool_calls", () => {
  it("is ignored: it has no item and no event, no hook is asked and no tool runs", async () => {
    const { ran, asked, types, events, model } = await limited(2, [counted(1, 2, 3), says("done")]);
    expect(ran).toEqual([{ n: 1 }, { n: 2 }]);
    expect(asked).toEqual(ran);
    expect(types).toEqual(["mcp_call", "mcp_call", "message"]);
    expect(JSON.stringify(events)).not.toContain('\\"n\\":3');
    expect(JSON.stringify(model.read(1))).not.toContain('\\"n\\":3');
  });

  it("is ignored where nobody streams too", async () => {
    const { response } = await bothWays(
      () => ({
        plugins: [
          scripted(counted(1, 2), says("done")),
          plugin("counter", ({ tools }) =>
            tools.add({ name: "count", parameters: { type: "object" }, execute: () => "counted" }),
          ),
        ],
      }),
      { max_tool_calls: 1 },
    );
    expect(response).toMatchObject({ status: "completed", max_tool_calls: 1 });
    expect(response.output.map(({ type }) => type)).toEqual(["mcp_call", "message"]);
  });

  it("is ignored in later turns, whose requests offer only the client's functions", async () => {
    const turns = [counted(1), counted(2), calls(["weather", {}])];
    const { ran, types, offered } = await limited(1, turns, { tools: [weather] });
    expect(ran).toEqual([{ n: 1 }]);
    expect(types).toEqual(["mcp_call", "function_call"]);
    expect(offered).toEqual([["weather", "count"], ["weather"], ["weather"]]);
  });

  it("leaves the calls of the client's functions beside it", async () => {
    const both = [[...call("count", { n: 1 }), ...call("weather", {}, 1), finish("tool_calls")]];
    const { ran, response, offered } = await limited(0, [both], { tools: [weather] });
    expect(ran).toEqual([]);
    expect(response).toMatchObject({
      status: "completed",
      output: [{ type: "function_call", name: "weather" }],
    });
    expect(offered).toEqual([["weather"]]);
  });

  it("does not give its arguments to a call with the same index", async () => {
    const mixed = [[begin("count"), args(0, "{}"), begin("count"), args(0, "garbage"), finish("tool_calls")]];
    const { ran, response } = await limited(1, [mixed, says("done")]);
    expect(ran).toEqual([{}]);
    expect(response.output).toMatchObject([{ arguments: "{}", status: "completed" }, { type: "message" }]);
  });

  it("is ignored in the last turn", async () => {
    const turns = [
      counted(1),
      ...Array.from({ length: 4 }, () => calls(["unknown", {}], ["count", { n: 2 }])),
    ];
    const { ran, response, types } = await limited(1, turns);
    expect(ran).toEqual([{ n: 1 }]);
    expect(response.status).toBe("completed");
    expect(types).toEqual(Array.from({ length: 5 }, () => "mcp_call"));
    expect(JSON.stringify(response.output)).not.toContain('\\"n\\":2');
  });

  it("takes no approval: the request for it is past the limit too", async () => {
    const { types, response } = await limited(1, [counted(1, 2)], {}, { kind: "needs_approval" });
    expect(types.filter((type) => type === "mcp_approval_request")).toHaveLength(1);
    expect(response.status).toBe("completed");
  });

  it.each<[string, (hooks: Hooks) => void]>([
    ["taps decide before a call shows", ({ onToolCall }) => onToolCall.tap({ asks: true }, () => undefined)],
    [
      "a tap names the tool",
      ({ onChunk }) =>
        onChunk.tap((chunk) => (chunk.type === "tool_call" ? { ...chunk, name: "count" } : undefined)),
    ],
    [
      "a tap answers for the model",
      ({ beforeUpstream }) =>
        beforeUpstream.tap((_, turn) =>
          turn.index === 0
            ? turn.answer([...call("count", { n: 1 }), ...call("count", { n: 2 }, 1), finish("tool_calls")])
            : undefined,
        ),
    ],
    [
      "a tap offers the tool again",
      ({ beforeUpstream }) =>
        beforeUpstream.tap((request) => ({ ...request, tools: [{ name: "count", parameters: {} }] })),
    ],
  ])("is ignored where %s", async (_, tap) => {
    let ran = 0;
    const vr = await startInProcess({
      plugins: [
        scripted(counted(1, 2), counted(3), says("done")),
        plugin("counter", ({ tools, hooks }) => {
          tools.add({ name: "count", parameters: { type: "object" }, execute: () => `counted ${++ran}` });
          tap(hooks);
        }),
      ],
    });
    const { response } = await vr.stream({ max_tool_calls: 1 });
    expect(ran).toBe(1);
    expect(response.status).toBe("completed");
    expect(response.output.filter(({ type }) => type === "mcp_call")).toHaveLength(1);
  });
});

describe("a model whose calls are ignored", () => {
  it("is asked once more, without gateway tools, and answers", async () => {
    const { response, offered, model } = await limited(0, [counted(1), says("noon")]);
    expect(offered).toEqual([[], []]);
    expect(model.requests[1]?.toolChoice).toEqual({ mode: "auto" });
    expect(wordsOf(response.output)).toBe("noon");
  });

  it("is not asked for ever: the response ends with what it has", async () => {
    const again = [text("I count."), ...call("count", { n: 1 }), finish("tool_calls")];
    const { response, model } = await limited(0, [[again], [again], [again]]);
    expect(model.requests).toHaveLength(2);
    expect(response).toMatchObject({
      status: "completed",
      output: [{ type: "message" }, { type: "message" }],
    });
  });

  it("reads what it said before the call, without the thoughts that led to it alone", async () => {
    const first = [text("Let me see."), think("I count"), ...call("count", { n: 1 }), finish("tool_calls")];
    const { model, types } = await limited(0, [[first], says("noon")]);
    expect(types).toEqual(["message", "reasoning", "message"]);
    expect(model.read(1).map((item) => item.type)).toEqual(["message", "message"]);
  });

  it("is told of tools that nobody has, as below the limit", async () => {
    const { types, model } = await limited(0, [calls(["unknown", {}]), says("noon")]);
    expect(types).toEqual(["mcp_call", "message"]);
    expect(model.read(1).at(-1)).toMatchObject({ output: expect.stringContaining('no tool "unknown"') });
  });
});

describe("max_tool_calls and tool_choice", () => {
  const allowed = (...tools: object[]) => ({ type: "allowed_tools", mode: "auto", tools });
  const count = { type: "mcp", server_label: "counter", name: "count" };
  const chosen = async (tool_choice: unknown, tools: ToolEntry[] | object[] = [weather]) => {
    const { model } = await limited(0, [says("noon")], { tool_choice, tools });
    return model.requests[0]?.toolChoice;
  };

  it("forces no gateway tool past the limit", async () => {
    expect(await chosen(count)).toEqual({ mode: "auto" });
    expect(await chosen("required", [])).toEqual({ mode: "auto" });
    expect(await chosen(count, [])).toEqual({ mode: "auto" });
    expect(await chosen("none", [])).toEqual({ mode: "none" });
  });

  it("keeps what the choice says of the client's functions", async () => {
    expect(await chosen("required")).toEqual({ mode: "required" });
    expect(await chosen(allowed(count, { type: "function", name: "weather" }))).toEqual({
      mode: "auto",
      names: ["weather"],
    });
  });
});

describe("max_tool_calls and approved calls", () => {
  it("counts them, and leaves an approval past the limit to a later request", async () => {
    const ran: unknown[] = [];
    const model = scripted(calls(["files__remove", { path: "/a" }]), says("I could not"), says("gone"));
    const files = { type: "mcp", server_label: "files", require_approval: "always" };
    const vr = await startInProcess({
      plugins: [
        model,
        mcp({ files: { remove: ({ path }) => ({ kind: "output", output: `${ran.push(path)}` }) } }),
      ],
    });
    const { response } = await vr.stream({ tools: [files] });
    const id = (response.output.at(-1) as { id: string }).id;
    const approve = (max_tool_calls: number) =>
      vr.stream({
        previous_response_id: response.id,
        tools: [files],
        max_tool_calls,
        input: [{ type: "mcp_approval_response", approval_request_id: id, approve: true }],
      });
    const none = await approve(0);
    expect(ran).toEqual([]);
    expect(wordsOf(none.response.output)).toBe("I could not");
    const one = await approve(1);
    expect(ran).toEqual(["/a"]);
    expect(wordsOf(one.response.output)).toBe("gone");
  });
});
