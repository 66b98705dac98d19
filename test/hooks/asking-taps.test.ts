import { describe, expect, it } from "vitest";
import { GuardrailStop, type ToolCall, type Turn } from "../../core/index.ts";
import { codeInterpreter } from "../../plugins/code-interpreter/index.ts";
import { bothWays, type CallTap, plugin, wordsOf } from "../helpers/both-ways.ts";
import { args, begin, call, finish, text, think } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

/** A gateway with the tools `clock` and `bell`, whose runs it notes, and a tap that says that it may ask. */
function asking(tap: CallTap, ...turns: ScriptedTurn[]) {
  const model = scripted(...turns);
  const ran: string[] = [];
  const tools = plugin("tools", (vr) => {
    for (const name of ["clock", "bell"])
      vr.tools.add({
        name,
        parameters: {},
        execute: () => ({ kind: "output", output: `${name} ${ran.push(name)}` }),
      });
  });
  const careful = plugin("careful", ({ hooks }) => hooks.onToolCall.tap({ asks: true }, tap));
  return { model, ran, plugins: [model, tools, careful] };
}

const askFor =
  (name: string): CallTap =>
  (call) =>
    call.name === name ? { kind: "needs_approval" } : undefined;

const weather = { type: "function", name: "weather", parameters: {} };

describe("a tap of onToolCall with asks: true", () => {
  it("makes a call show as the request for approval alone", async () => {
    const { response } = await bothWays(() => asking(askFor("clock"), calls(["clock", { zone: "UTC" }])));
    expect(response.status).toBe("completed");
    expect(response.output).toMatchObject([
      { type: "mcp_approval_request", server_label: "tools", name: "clock", arguments: '{"zone":"UTC"}' },
    ]);
  });

  it("makes a call that passes show whole, once the taps have spoken", async () => {
    const { response, types } = await bothWays(() =>
      asking(
        askFor("bell"),
        [begin("clock"), args(0, '{"zone"'), args(0, ':"UTC"}'), finish("tool_calls")],
        says("noon"),
      ),
    );
    expect(types.slice(2, 8)).toEqual([
      "response.output_item.added",
      "response.mcp_call.in_progress",
      "response.mcp_call_arguments.delta",
      "response.mcp_call_arguments.done",
      "response.mcp_call.completed",
      "response.output_item.done",
    ]);
    expect(response.output[0]).toMatchObject({
      name: "clock",
      arguments: '{"zone":"UTC"}',
      output: "clock 1",
    });
    expect(wordsOf(response.output)).toBe("noon");
  });

  it("keeps the order of parallel calls, however long each opinion takes", async () => {
    const order: string[] = [];
    const slow: CallTap = async ({ id, name }) => {
      if (id === "call_clock_0") await new Promise((resolve) => setImmediate(resolve));
      order.push(id);
      return askFor("bell")({ id, name } as ToolCall, {} as Turn);
    };
    const { vr, response } = await bothWays(
      () =>
        asking(slow, [
          text("let me see"),
          ...call("clock", { a: 1 }, 0),
          ...call("bell", {}, 1),
          ...call("weather", {}, 2),
          ...call("clock", { b: 2 }, 3),
          finish("tool_calls"),
        ]),
      { tools: [weather] },
    );
    expect(order.slice(0, 3)).toEqual(["call_bell_1", "call_clock_3", "call_clock_0"]);
    expect(
      response.output.map((item) => ("arguments" in item ? `${item.type} ${item.arguments}` : item.type)),
    ).toEqual([
      "message",
      "function_call {}",
      'mcp_call {"a":1}',
      'mcp_call {"b":2}',
      "mcp_approval_request {}",
    ]);
    expect((await vr.get(response.id)).response.output).toEqual(response.output);
  });

  it("tells the model each call where it was said, behind its own reasoning", async () => {
    const { model, plugins } = asking(
      () => {},
      [
        think("first"),
        ...call("clock", {}, 0),
        think("then"),
        ...call("bell", {}, 1),
        text("so"),
        finish("tool_calls"),
      ],
      says("noon"),
    );
    const vr = await startInProcess({ plugins });
    await vr.stream();
    const read = model.read(1).slice(1);
    expect(read.map((item) => ("name" in item ? item.name : (item.type ?? "message")))).toEqual([
      "reasoning",
      "clock",
      "function_call_output",
      "reasoning",
      "bell",
      "function_call_output",
      "message",
    ]);
  });

  it("gives calls whose ids an upstream left out ids of their own", async () => {
    const nameless = (index: number) => [
      { type: "tool_call" as const, index, name: "clock" },
      args(index, "{}"),
    ];
    const { model, plugins } = asking(
      () => {},
      [...nameless(0), ...nameless(1), finish("tool_calls")],
      says("noon"),
    );
    const vr = await startInProcess({ plugins });
    await vr.stream();
    const read = model.read(1).flatMap((item) => ("call_id" in item ? [item.call_id] : []));
    expect(new Set(read).size).toBe(2);
    expect(read).toEqual([read[0], read[0], read[2], read[2]]);
  });

  it("shows no call that was cut off, refused or failed before the taps have spoken", async () => {
    const failing: [CallTap, ScriptedTurn, string][] = [
      [() => {}, [begin("clock"), args(0, '{"zo'), finish("length")], "incomplete"],
      [
        () => {
          throw new GuardrailStop("no");
        },
        calls(["clock", {}]),
        "incomplete",
      ],
      [
        () => {
          throw new Error("broken");
        },
        calls(["clock", {}], ["bell", {}]),
        "failed",
      ],
    ];
    for (const [tap, turn, status] of failing) {
      const { response } = await bothWays(() =>
        asking(tap, [text("hm"), ...[turn].flat().flat()] as ScriptedTurn),
      );
      expect(response).toMatchObject({ status, output: [{ type: "message" }] });
    }
  });

  it("shows a denied call and one with broken arguments as failed", async () => {
    const { response } = await bothWays(() =>
      asking(
        () => ({ kind: "deny", reason: "no" }),
        [...call("clock", {}, 0), begin("bell", 1), args(1, '{"a'), finish("tool_calls")],
        says("noon"),
      ),
    );
    expect(response.output).toMatchObject([
      { type: "mcp_call", name: "clock", status: "failed" },
      { type: "mcp_call", name: "bell", status: "failed", arguments: '{"a' },
      { type: "message" },
    ]);
  });

  it("runs an approved call at once, as the call of that approval", async () => {
    const { ran, plugins } = asking(askFor("clock"), calls(["clock", {}]), says("noon"));
    const vr = await startInProcess({ plugins });
    const { response: question } = await vr.stream();
    const { id } = question.output[0] as { id: string };
    const { response } = await vr.stream({
      previous_response_id: question.id,
      input: [{ type: "mcp_approval_response", approval_request_id: id, approve: true }],
    });
    expect(ran).toEqual(["clock"]);
    expect(response.output).toMatchObject([
      { type: "mcp_call", status: "completed", approval_request_id: id },
      { type: "message" },
    ]);
  });

  it("hides code too, which then comes whole", async () => {
    const ask: CallTap = ({ arguments: { code } }) =>
      String(code).includes("import") ? { kind: "needs_approval" } : undefined;
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["python", { code: "import os" }])),
        codeInterpreter(),
        plugin("careful", ({ hooks }) => hooks.onToolCall.tap({ asks: true }, ask)),
      ],
    });
    const { response } = await vr.stream({ tools: [{ type: "code_interpreter" }] });
    expect(response.output).toMatchObject([
      { type: "mcp_approval_request", name: "code_interpreter", arguments: '{"code":"import os"}' },
    ]);
  });
});

describe("a tap of onToolCall that asks without saying so", () => {
  it("asks all the same, when the call has shown already: it ends incomplete", async () => {
    const { response } = await bothWays(() => {
      const { model, plugins } = asking(() => {}, calls(["clock", {}]));
      return {
        plugins: [
          model,
          plugins[1] as (typeof plugins)[0],
          plugin("careful", ({ hooks }) => hooks.onToolCall.tap(askFor("clock"))),
        ],
      };
    });
    expect(response.output).toMatchObject([
      { type: "mcp_call", status: "incomplete" },
      { type: "mcp_approval_request", name: "clock" },
    ]);
  });
});
