import { describe, expect, it } from "vitest";
import type { Tool, ToolResult, ToolTurn } from "../../core/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { args, begin, call, finish, text, think, usage } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, gate, says, scripted } from "../helpers/scripted.ts";

const weather = { type: "function", name: "weather", parameters: { type: "object" } };

/** A plugin with one tool, offered to every request. */
const tool = (name: string, execute: Tool["execute"]) =>
  plugin(`${name}-plugin`, ({ tools }) => tools.add({ name, parameters: { type: "object" }, execute }));
const output = (words: string): ToolResult => ({ kind: "output", output: words });
const clock = tool("clock", () => output("12"));
/** Counts its runs. */
const counter = () => {
  const ran: unknown[] = [];
  return {
    ran,
    plugin: tool("count", (values) => {
      ran.push(values);
      return output("counted");
    }),
  };
};

describe("parallel calls of gateway tools", () => {
  it("run in parallel: each may wait for the other", async () => {
    const [left, right] = [gate(), gate()];
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(calls(["ping", {}], ["pong", {}]), says("done")),
        tool("ping", async () => {
          left.open();
          await right.promise;
          return output("ping");
        }),
        tool("pong", async () => {
          right.open();
          await left.promise;
          return output("pong");
        }),
      ],
    }));
    expect(response.output).toMatchObject([{ output: "ping" }, { output: "pong" }, { type: "message" }]);
  });

  it("open in the order of the calls, finish in any, and stand in the output in that of the calls", async () => {
    const first = gate();
    const model = scripted(calls(["slow", {}], ["fast", {}]), says("done"));
    const vr = await startInProcess({
      plugins: [
        model,
        tool("slow", async () => {
          await first.promise;
          return output("slow");
        }),
        tool("fast", () => output("fast")),
      ],
    });
    const stream = await vr.open();
    const done = await stream.until("response.output_item.done");
    expect(done).toMatchObject({ output_index: 1, item: { output: "fast" } });
    first.open();
    const { response } = await stream.rest();
    expect(response.output.slice(0, 2)).toMatchObject([{ output: "slow" }, { output: "fast" }]);
    expect(model.read(1).slice(1)).toMatchObject([
      { type: "function_call", name: "slow" },
      { type: "function_call_output", call_id: "call_slow_0", output: "slow" },
      { type: "function_call", name: "fast" },
      { type: "function_call_output", call_id: "call_fast_1", output: "fast" },
    ]);
  });

  it("belong to one turn of the model's, with what it said before them", async () => {
    const model = scripted(
      [
        think("hm"),
        text("I look"),
        ...call("clock", { z: 1 }, 0),
        ...call("clock", { z: 2 }, 1),
        finish("tool_calls"),
      ],
      says("done"),
    );
    const vr = await startInProcess({ plugins: [model, clock] });
    await vr.stream();
    const [question, ...turn] = model.requests[1]?.items ?? [];
    expect(question?.turn).toBeUndefined();
    expect(turn.map(({ item }) => item.type)).toEqual([
      "reasoning",
      "message",
      "function_call",
      "function_call_output",
      "function_call",
      "function_call_output",
    ]);
    expect(new Set(turn.map(({ turn: number }) => number))).toEqual(new Set([0]));
  });

  it("of one id each keep their own", async () => {
    const twins = [
      { type: "tool_call" as const, index: 0, name: "clock", callId: "same" },
      { type: "tool_call" as const, index: 1, name: "clock", callId: "same" },
      { type: "tool_call" as const, index: 2, name: "clock" },
    ];
    const model = scripted([...twins, finish("tool_calls")], says("done"));
    const vr = await startInProcess({ plugins: [model, clock] });
    await vr.stream();
    const ids = model.read(1).flatMap((item) => (item.type === "function_call" ? [item.call_id] : []));
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toBe("same");
  });

  it("whose arguments come in turns are kept apart", async () => {
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(
          [
            begin("echo", 0),
            begin("echo", 1),
            args(0, '{"w":'),
            args(1, '{"w":'),
            args(0, '"a"}'),
            args(1, '"b"}'),
            finish("tool_calls"),
          ],
          says("done"),
        ),
        tool("echo", ({ w }) => output(String(w))),
      ],
    }));
    expect(response.output).toMatchObject([{ output: "a" }, { output: "b" }, {}]);
  });
});

describe("calls of gateway tools and of client functions in one turn", () => {
  it("run the gateway's, and leave the client's to the client", async () => {
    const { ran, plugin: counting } = counter();
    const { response } = await bothWays(
      () => ({
        plugins: [scripted(calls(["count", {}], ["weather", { city: "Paris" }], ["count", {}])), counting],
      }),
      { tools: [weather] },
    );
    expect(ran).toHaveLength(4);
    expect(response.status).toBe("completed");
    expect(response.output).toMatchObject([
      { type: "mcp_call", status: "completed" },
      {
        type: "function_call",
        status: "completed",
        arguments: '{"city":"Paris"}',
        call_id: "call_weather_1",
      },
      { type: "mcp_call", status: "completed" },
    ]);
  });

  it("go on with all results once the client has given its own", async () => {
    const model = scripted(calls(["clock", {}], ["weather", {}]), says("sunny at noon"));
    const vr = await startInProcess({ plugins: [model, clock] });
    const { response } = await vr.stream({ tools: [weather] });
    const answer = { type: "function_call_output", call_id: "call_weather_1", output: "sun" };
    await vr.post({ previous_response_id: response.id, tools: [weather], input: [answer] });
    const results = model
      .read(1)
      .flatMap((item) => (item.type === "function_call_output" ? [item.output] : []));
    expect(results).toEqual(["12", "sun"]);
  });

  it("ends with the client's call at once when there is no other", async () => {
    const model = scripted(calls(["weather", {}]));
    const vr = await startInProcess({ plugins: [model, clock] });
    const { response } = await vr.stream({ tools: [weather] });
    expect(response.status).toBe("completed");
    expect(model.requests).toHaveLength(1);
  });
});

describe("tool_choice over turns", () => {
  const choices = async (tool_choice: unknown, tools: unknown[] = []) => {
    const model = scripted(calls(["clock", {}]), says("done"));
    const vr = await startInProcess({ plugins: [model, clock] });
    await vr.stream({ tool_choice, tools });
    return model.requests.map(({ toolChoice }) => toolChoice);
  };
  const named = { type: "mcp", server_label: "clock-plugin", name: "clock" };

  it("holds for turn 0 when it forces any tool, then is auto", async () => {
    expect(await choices("required")).toEqual([{ mode: "required" }, { mode: "auto" }]);
  });

  it("holds for turn 0 when it forces one tool, then every tool may be called", async () => {
    expect(await choices(named, [weather])).toEqual([
      { mode: "required", names: ["clock"] },
      { mode: "auto" },
    ]);
  });

  it("keeps to the allowed tools, forced or not", async () => {
    const allowed = (mode: string) => ({ type: "allowed_tools", mode, tools: [named] });
    expect(await choices(allowed("auto"), [weather])).toEqual([
      { mode: "auto", names: ["clock"] },
      { mode: "auto", names: ["clock"] },
    ]);
    expect(await choices(allowed("required"), [weather])).toEqual([
      { mode: "required", names: ["clock"] },
      { mode: "auto", names: ["clock"] },
    ]);
  });

  it("stays auto, and stays none", async () => {
    expect(await choices("auto")).toEqual([{ mode: "auto" }, { mode: "auto" }]);
    expect(await choices("none")).toEqual([{ mode: "none" }, { mode: "none" }]);
  });
});

describe("the limits of the loop", () => {
  it("sends the last turn without tools", async () => {
    const model = scripted(calls(["clock", {}]), calls(["clock", {}]), says("enough"));
    const vr = await startInProcess({ plugins: [model, clock], limits: { maxTurns: 3 } });
    const { response } = await vr.stream({ tools: [weather] });
    expect(model.requests.map(({ tools }) => tools.length)).toEqual([2, 2, 0]);
    expect(model.requests[2]?.toolChoice).toEqual({ mode: "none" });
    expect(wordsOf(response.output)).toBe("enough");
  });

  it("ends an endless loop: a model that calls on and on is not run any more", async () => {
    const { ran, plugin: counting } = counter();
    const model = scripted(...Array.from({ length: 3 }, () => calls(["count", {}])));
    const vr = await startInProcess({ plugins: [model, counting], limits: { maxTurns: 3 } });
    const { response } = await vr.stream();
    expect(ran).toHaveLength(2);
    expect(response.status).toBe("completed");
    expect(response.output).toMatchObject([
      { status: "completed" },
      { status: "completed" },
      { status: "failed" },
    ]);
  });

  it("adds up what all turns cost", async () => {
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(
          [...call("clock", {}), usage(10, 5, 2), finish("tool_calls")],
          [text("noon"), usage(20, 7, 3), finish()],
        ),
        clock,
      ],
    }));
    expect(response.usage).toEqual({
      input_tokens: 30,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 12,
      output_tokens_details: { reasoning_tokens: 5 },
      total_tokens: 42,
    });
  });
});

describe("a call that goes wrong", () => {
  const failing = async (execute: Tool["execute"], sent = "{}", toolTimeoutMs = 10_000) => {
    const models: ReturnType<typeof scripted>[] = [];
    const answer = await bothWays(() => {
      const model = scripted([begin("work"), args(0, sent), finish("tool_calls")], says("sorry"));
      models.push(model);
      return { plugins: [model, tool("work", execute)], limits: { toolTimeoutMs } };
    });
    expect(answer.response.status).toBe("completed");
    expect(answer.response.output).toMatchObject([{ type: "mcp_call", status: "failed", output: null }, {}]);
    const [told, toldToo] = models.map((model) => (model.read(1).at(-1) as { output: string }).output);
    expect(told).toBe(toldToo);
    return { told, item: answer.response.output[0], types: answer.types };
  };

  it("fails by itself when the tool throws: the model is told why, and answers", async () => {
    const { told, item, types } = await failing(() => {
      throw new Error("no such clock");
    });
    expect(told).toBe("Error: no such clock");
    expect(item).toMatchObject({
      error: { type: "mcp_tool_execution_error", content: [{ type: "text", text: "no such clock" }] },
    });
    expect(types).toContain("response.mcp_call.failed");
    expect(types.at(-1)).toBe("response.completed");
  });

  it("fails in the same way when it rejects, or answers with an error", async () => {
    expect((await failing(async () => Promise.reject(new Error("down")))).told).toBe("Error: down");
    expect((await failing(() => ({ kind: "error", message: "down" }))).told).toBe("Error: down");
  });

  it("fails when the tool gives nothing", async () => {
    const { told } = await failing((() => undefined) as unknown as Tool["execute"]);
    expect(told).toBe("Error: The tool gave no result.");
  });

  it.each([
    ["broken off", '{"city":"Par', /not valid JSON/],
    ["no JSON", "noon", /not valid JSON/],
    ["a list", "[1]", /not a JSON object/],
    ["a key twice", '{"city":"Paris","city":"Rome"}', /a key twice/],
    ["a key twice, written in two ways", '{"city":"Paris","\\u0063ity":"Rome"}', /a key twice/],
    ["a key twice, if it is no ordinary one", '{"__proto__":1,"__proto__":{}}', /a key twice/],
    ["a key twice behind a string that ends in a backslash", '{"a":"\\\\","b":1,"b":2}', /a key twice/],
  ])("is not run when its arguments are %s, and the model is told", async (_, sent, message) => {
    const ran: unknown[] = [];
    const { told, item } = await failing((values) => output(String(ran.push(values))), sent);
    expect(ran).toEqual([]);
    expect(told).toMatch(message);
    expect(item).toMatchObject({ arguments: sent });
  });

  it.each([
    ["keys that stand in several objects", '{ "a": {"b": 1, "c": {"b": 2}}, "b": [{"b": 1}, {"b": 2}] }'],
    ["strings that look like members", '{"a":"\\",\\"a\\":{[}]\\\\","b":": ,","c\\"a":1,"__proto__":2}'],
  ])("is run with %s", async (_, sent) => {
    const ran: unknown[] = [];
    await failing((values) => {
      ran.push(values);
      throw new Error("enough");
    }, sent);
    expect(ran).toEqual([JSON.parse(sent), JSON.parse(sent)]);
  });

  it("may have no arguments at all", async () => {
    const { ran, plugin: counting } = counter();
    await bothWays(() => ({
      plugins: [scripted([begin("count"), finish("tool_calls")], says("done")), counting],
    }));
    expect(ran).toEqual([{}, {}]);
  });

  it("is given up when its time is over, and its tool is told so", async () => {
    const signals: AbortSignal[] = [];
    const { told } = await failing(
      (_, turn) => {
        signals.push(turn.signal);
        return gate<ToolResult>().promise;
      },
      "{}",
      5,
    );
    expect(told).toBe("Error: The tool gave no result within 5 ms.");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it("leaves parallel calls alone", async () => {
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(calls(["work", {}], ["clock", {}]), says("done")),
        tool("work", () => {
          throw new Error("down");
        }),
        clock,
      ],
    }));
    expect(response.output).toMatchObject([{ status: "failed" }, { status: "completed", output: "12" }, {}]);
  });

  it("is not run when the model was cut off in it", async () => {
    const { ran, plugin: counting } = counter();
    const { response } = await bothWays(
      () => ({
        plugins: [
          scripted([...call("count", {}, 0), begin("weather", 1), args(1, '{"ci'), finish("length")]),
          counting,
        ],
      }),
      { tools: [weather] },
    );
    expect(ran).toEqual([]);
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [
        { type: "mcp_call", status: "incomplete" },
        { type: "function_call", status: "incomplete", arguments: '{"ci' },
      ],
    });
  });

  it("is stopped with the response when the client leaves", async () => {
    const running = gate<ToolTurn>();
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["work", {}])),
        tool("work", (_, turn) => {
          running.open(turn);
          return gate<ToolResult>().promise;
        }),
      ],
    });
    const stream = await vr.open();
    const { signal } = await running.promise;
    const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
    stream.leave();
    await stopped;
  });
});

describe("what a tool is given", () => {
  it("is its parsed arguments, its call, and the state of turn and response", async () => {
    const seen: unknown[] = [];
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["work", { a: [1, { b: null }] }]), says("done")),
        tool("work", (values, turn) => {
          const { callId, index, response } = turn;
          turn.state("key", () => 1);
          seen.push(values, callId, index, response.request.metadata);
          return output("ok");
        }),
      ],
    });
    await vr.post({ metadata: { who: "me" } });
    expect(seen).toEqual([{ a: [1, { b: null }] }, "call_work_0", 0, { who: "me" }]);
  });
});
