import { describe, expect, it } from "vitest";
import { GuardrailStop, type ToolCall, type ToolDecision } from "../../core/index.ts";
import { bothWays, type CallTap, plugin, wordsOf } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

const tapping = (tap: CallTap, name = "tap") => plugin(name, ({ hooks }) => hooks.onToolCall.tap(tap));

/** A gateway whose model calls `clock` and then says "noon", with what came of it. */
async function deciding(...taps: CallTap[]) {
  const ran: unknown[] = [];
  const models: ReturnType<typeof scripted>[] = [];
  const answer = await bothWays(() => {
    const model = scripted(calls(["clock", { zone: "UTC" }]), says("noon"));
    models.push(model);
    const clock = plugin("clock", (vr) =>
      vr.tools.add({
        name: "clock",
        parameters: {},
        execute: (values) => {
          ran.push(values);
          return { kind: "output", output: "12" };
        },
      }),
    );
    return { plugins: [model, clock, ...taps.map((tap, n) => tapping(tap, `tap-${n}`))] };
  });
  const told = models.map((model) => (model.read(1).at(-1) as { output?: unknown } | undefined)?.output);
  expect(told[0]).toEqual(told[1]);
  const item = answer.response.output[0];
  return Object.assign(answer, { runs: ran.length / 2, told: told[0], item });
}

describe("onToolCall", () => {
  it("runs the tool when nobody has an opinion", async () => {
    const { runs, told, item } = await deciding(
      () => {},
      async () => undefined,
    );
    expect(runs).toBe(1);
    expect(told).toBe("12");
    expect(item).toMatchObject({ type: "mcp_call", status: "completed", output: "12" });
  });

  it("shows the call: its tool, its name, its parsed arguments", async () => {
    const seen: ToolCall[] = [];
    await deciding((call) => void seen.push(call));
    expect(seen[0]).toMatchObject({
      id: "call_clock_0",
      name: "clock",
      arguments: { zone: "UTC" },
      tool: { name: "clock", label: "clock" },
    });
  });

  it.each<[string, ToolDecision, object, string]>([
    ["an output", { kind: "output", output: "13" }, { status: "completed", output: "13" }, "13"],
    ["an error", { kind: "error", message: "broken" }, { status: "failed", output: null }, "Error: broken"],
    [
      "a denial",
      { kind: "deny", reason: "not at night" },
      { status: "failed", output: null },
      "Error: This call was denied: not at night",
    ],
  ])("takes %s in the place of the tool's own result", async (_, decision, shown, output) => {
    const { runs, told, item, response } = await deciding(() => decision);
    expect(runs).toBe(0);
    expect(item).toMatchObject({ type: "mcp_call", ...shown });
    expect(told).toBe(output);
    expect(response.status).toBe("completed");
    expect(wordsOf(response.output)).toBe("noon");
  });

  it("lets the first opinion win, and does not ask the others", async () => {
    const asked: string[] = [];
    const { told } = await deciding(
      () => void asked.push("first"),
      async () => {
        asked.push("second");
        return { kind: "deny", reason: "no" };
      },
      () => {
        asked.push("third");
        return { kind: "output", output: "13" };
      },
    );
    expect(told).toBe("Error: This call was denied: no");
    expect(asked).toEqual(["first", "second", "first", "second"]);
  });

  it("has no opinion that approves: silence is not one that a later denial must overcome", async () => {
    const { runs, told } = await deciding(
      () => {},
      () => ({ kind: "deny", reason: "no" }),
    );
    expect(runs).toBe(0);
    expect(told).toContain("denied: no");
  });

  it("ends the response with a question to the client when a tap wants approval", async () => {
    const { runs, response } = await deciding(() => ({ kind: "needs_approval" }));
    expect(runs).toBe(0);
    expect(response.status).toBe("completed");
    expect(response.output.at(-1)).toMatchObject({
      type: "mcp_approval_request",
      name: "clock",
      server_label: "clock",
      arguments: '{"zone":"UTC"}',
    });
  });

  it("is asked for each of parallel calls by itself", async () => {
    const model = scripted(calls(["clock", { zone: "UTC" }], ["clock", { zone: "CET" }]), says("noon"));
    const vr = await startInProcess({
      plugins: [
        model,
        plugin("clock", (api) =>
          api.tools.add({
            name: "clock",
            parameters: {},
            execute: ({ zone }) => ({ kind: "output", output: `12 ${zone}` }),
          }),
        ),
        tapping(({ arguments: { zone } }) => (zone === "CET" ? { kind: "deny", reason: "no" } : undefined)),
      ],
    });
    await vr.stream();
    const outputs = model
      .read(1)
      .flatMap((item) => (item.type === "function_call_output" ? [item.output] : []));
    expect(outputs).toEqual(["12 UTC", "Error: This call was denied: no"]);
  });

  it("is not asked about calls of client functions", async () => {
    const seen: string[] = [];
    const vr = await startInProcess({
      plugins: [scripted(calls(["weather", {}])), tapping(({ name }) => void seen.push(name))],
    });
    await vr.post({ tools: [{ type: "function", name: "weather", parameters: {} }] });
    expect(seen).toEqual([]);
  });

  it("fails closed: a tap that throws runs no tool and fails the response, with both names", async () => {
    const { runs, response } = await deciding(() => {
      throw new Error("the password is 1234");
    });
    expect(runs).toBe(0);
    expect(response.status).toBe("failed");
    expect(response.error?.message).toBe('plugin "tap-0" failed in onToolCall');
  });

  it.each([
    ["null", null],
    ["an approval", { kind: "approve" }],
    ["true", true],
    ["a denial without a reason", { kind: "deny" }],
    ["a denial with an empty reason", { kind: "deny", reason: " " }],
    ["a denial whose reason is an Error", { kind: "deny", reason: new Error("no") }],
    ["an error without words", { kind: "error" }],
  ])("takes %s for an error, not for silence", async (_, returned) => {
    const { runs, response } = await deciding(() => returned as unknown as ToolDecision);
    expect(runs).toBe(0);
    expect(response.status).toBe("failed");
    expect(response.error?.message).toMatch(/"tap-0" returned .* onToolCall/);
  });

  it("says what a denial lacks", async () => {
    const { response } = await deciding(() => ({ kind: "deny" }) as unknown as ToolDecision);
    expect(response.error?.message).toBe(
      'plugin "tap-0" returned something in onToolCall that is not a decision: "deny" needs a reason, which the model reads',
    );
  });

  it("ends the response as incomplete on GuardrailStop", async () => {
    const { runs, response, item } = await deciding(() => {
      throw new GuardrailStop("forbidden");
    });
    expect(runs).toBe(0);
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
    });
    expect(item).toMatchObject({ type: "mcp_call", status: "incomplete" });
  });
});
