import { describe, expect, it } from "vitest";
import type { Plugin, wire } from "../../../core/index.ts";
import { codeInterpreter } from "../../../plugins/code-interpreter/index.ts";
import { RuntimeError } from "../../../plugins/code-interpreter/runtime.ts";
import { bothWays, plugin } from "../../helpers/both-ways.ts";
import { args, begin, finish } from "../../helpers/chunks.ts";
import { type FakeRuntime, fakeRuntime } from "../../helpers/fake-runtime.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { calls, gate, type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";

const TOOL = { type: "code_interpreter" };
const OUTPUTS = { include: ["code_interpreter_call.outputs"] };
const writes = (...codes: string[]) => calls(...codes.map((code): [string, object] => ["python", { code }]));

type Options = Parameters<typeof codeInterpreter>[0];

async function start(
  turns: readonly ScriptedTurn[],
  runtime: FakeRuntime,
  options: Options = {},
  ...more: Plugin[]
) {
  const model = scripted(...turns);
  const vr = await startInProcess({
    plugins: [model, codeInterpreter({ runtime, spares: 0, ...options }), ...more],
  });
  return { model, vr, runtime };
}

const itemsOf = (output: readonly wire.OutputItem[]) =>
  output.filter((item) => item.type === "code_interpreter_call");
const logsOf = (item: wire.CodeInterpreterToolCall | undefined) =>
  (item?.outputs ?? []).map((output) => (output.type === "logs" ? output.logs : output.url)).join("");

/** What a model was told of its calls in its n-th request. */
const told = (model: ReturnType<typeof scripted>, n: number) =>
  model.read(n).flatMap((item) => (item.type === "function_call_output" ? [item.output] : []));

describe("a call", () => {
  it("streams its code while the model writes it, runs it, and shows how it ended", async () => {
    const script = [
      [begin("python"), args(0, '{"co'), args(0, 'de":"print('), args(0, '1)"}'), finish("tool_calls")],
      says("one"),
    ];
    const { vr } = await start(script, fakeRuntime());
    const { types, events, response } = await vr.stream({ tools: [TOOL], ...OUTPUTS });
    expect(types.slice(2, 10)).toEqual([
      "response.output_item.added",
      "response.code_interpreter_call.in_progress",
      "response.code_interpreter_call_code.delta",
      "response.code_interpreter_call_code.delta",
      "response.code_interpreter_call_code.done",
      "response.code_interpreter_call.interpreting",
      "response.code_interpreter_call.completed",
      "response.output_item.done",
    ]);
    expect(events.find(({ type }) => type === "response.output_item.added")).toMatchObject({
      item: { container_id: expect.stringMatching(/^cntr_/), status: "in_progress", outputs: null },
    });
    expect(response.output[0]).toMatchObject({
      type: "code_interpreter_call",
      status: "completed",
      code: "print(1)",
      outputs: [{ type: "logs", logs: "ran print(1)\n" }],
    });
  });

  it("ends unstreamed as it does in a stream", async () => {
    const answer = await bothWays(
      () => ({
        plugins: [
          scripted(writes("1"), says("done")),
          codeInterpreter({ runtime: fakeRuntime(), spares: 0 }),
        ],
      }),
      { tools: [TOOL], ...OUTPUTS },
    );
    expect(logsOf(itemsOf(answer.response.output)[0])).toBe("ran 1\n");
  });

  it("shows outputs only to who asked for them, and keeps them all the same", async () => {
    const { vr } = await start([writes("1"), says("done")], fakeRuntime());
    const { response } = await vr.post({ tools: [TOOL] });
    expect(itemsOf(response.output)[0]?.outputs).toBeNull();
    const later = await vr.get(`${response.id}?include[]=code_interpreter_call.outputs`);
    expect(logsOf(itemsOf(later.response.output)[0])).toBe("ran 1\n");
  });

  it("tells the model text and figures, now and when the conversation goes on", async () => {
    const runtime = fakeRuntime((_code, sink) => {
      sink.text("stdout", "plotted\n");
      sink.image("image/png", "iVBORw0KGgo=");
      return { kind: "finished" };
    });
    const { model, vr } = await start([writes("plot()"), says("done"), says("again")], runtime);
    const { response } = await vr.post({ tools: [TOOL] });
    const output = [
      { type: "input_text", text: "plotted\n\n[a figure was shown]" },
      { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=", detail: "auto" },
    ];
    expect(told(model, 1)).toEqual([output]);
    await vr.post({ previous_response_id: response.id, input: "and?" });
    expect(told(model, 2)).toEqual([output]);
    expect(model.read(2)).toContainEqual(
      expect.objectContaining({ type: "function_call", name: "python", arguments: '{"code":"plot()"}' }),
    );
  });

  it("whose outputs the client was not shown, and sends back, is not said to have had none", async () => {
    const { model, vr } = await start([writes("1"), says("done"), says("again")], fakeRuntime());
    const { response } = await vr.post({ tools: [TOOL], store: false });
    await vr.post({ store: false, input: [...response.output, { role: "user", content: "and?" }] });
    expect(told(model, 2)).toEqual(["(the output of this call is not known any more)"]);
  });

  it("gives the model a traceback to learn from; the item is completed", async () => {
    const runtime = fakeRuntime((_code, sink) => {
      sink.text("traceback", "ZeroDivisionError: division by zero\n");
      return { kind: "raised" };
    });
    const { model, vr } = await start([writes("1/0"), says("oh")], runtime);
    const { response } = await vr.post({ tools: [TOOL] });
    expect(itemsOf(response.output)[0]?.status).toBe("completed");
    expect(told(model, 1)).toEqual(["ZeroDivisionError: division by zero"]);
  });

  it("runs parallel calls of one conversation in their order", async () => {
    const runtime = fakeRuntime();
    const { vr } = await start([writes("a = 1", "a += 1", "print(a)"), says("2")], runtime);
    await vr.post({ tools: [TOOL] });
    expect(runtime.sessions.map(({ executed }) => executed)).toEqual([["a = 1", "a += 1", "print(a)"]]);
  });

  it("is told that code must be text", async () => {
    const runtime = fakeRuntime();
    const { model, vr } = await start([calls(["python", { code: 5 }]), says("oh")], runtime);
    const { response } = await vr.post({ tools: [TOOL] });
    expect(itemsOf(response.output)[0]?.status).toBe("failed");
    expect(told(model, 1)).toEqual(['Error: The code was not run: "code" must be a string.']);
    expect(runtime.sessions).toEqual([]);
  });

  it("has another name for the model where the client has a function of that name", async () => {
    const { model, vr } = await start([says("hi")], fakeRuntime());
    await vr.post({ tools: [TOOL, { type: "function", name: "python", parameters: { type: "object" } }] });
    expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(["code_interpreter", "python"]);
  });

  it("has that name in the history too", async () => {
    const { model, vr } = await start([writes("1"), says("done"), says("hi")], fakeRuntime());
    const { response } = await vr.post({ tools: [TOOL] });
    const own = { type: "function", name: "python", parameters: { type: "object" } };
    await vr.post({ tools: [TOOL, own], previous_response_id: response.id });
    expect(model.read(2)).toContainEqual(
      expect.objectContaining({ type: "function_call", name: "code_interpreter" }),
    );
  });

  it("has one entry in a request", async () => {
    const { vr } = await start([], fakeRuntime());
    const { status, error } = await vr.post({ tools: [TOOL, TOOL] });
    expect([status, error.param, error.message]).toEqual([
      400,
      "tools[1].type",
      expect.stringContaining("another entry is of this type already"),
    ]);
  });

  it("can be forced", async () => {
    const { model, vr } = await start([writes("1"), says("done")], fakeRuntime());
    const { response } = await vr.post({ tools: [TOOL], tool_choice: TOOL });
    expect(model.requests[0]?.toolChoice).toEqual({ mode: "required", names: ["python"] });
    expect(response.status).toBe("completed");
  });
});

describe("an execution that ends badly fails its item, and the response goes on", () => {
  it.each([
    [
      "the time limit",
      { kind: "timed_out", lost: false } as const,
      /half\n\[The code was stopped\. It ran longer than 60000 ms\.\]/,
    ],
    [
      "the time limit, with a loss",
      { kind: "timed_out", lost: true } as const,
      /60000 ms\. Variables are gone\.\]/,
    ],
    [
      "its process",
      { kind: "died", reason: "The code used more than 512 MiB." } as const,
      /\[The code was stopped\. The code used more than 512 MiB\. Variables are gone\.\]/,
    ],
  ])("%s", async (_name, end, expected) => {
    const runtime = fakeRuntime((_code, sink) => {
      sink.text("stdout", "half");
      return end;
    });
    const { model, vr } = await start([writes("x"), says("oh")], runtime);
    const { response } = await vr.post({ tools: [TOOL], ...OUTPUTS });
    expect(response.status).toBe("completed");
    expect(itemsOf(response.output)[0]?.status).toBe("failed");
    expect(logsOf(itemsOf(response.output)[0])).toMatch(expected);
    expect(told(model, 1)[0]).toMatch(expected);
  });

  it("no session can be had", async () => {
    const runtime = fakeRuntime();
    runtime.opening = () => {
      throw new RuntimeError("unavailable", "The Jupyter server cannot be reached.");
    };
    const { model, vr } = await start([writes("x"), says("oh")], runtime);
    const { response } = await vr.post({ tools: [TOOL] });
    expect(response.status).toBe("completed");
    expect(itemsOf(response.output)[0]?.status).toBe("failed");
    expect(told(model, 1)).toEqual(["Error: The code was not run: The Jupyter server cannot be reached."]);
  });

  it("the queue is full", async () => {
    const running = gate();
    const begun = gate();
    const runtime = fakeRuntime(async (_code, sink) => {
      begun.open();
      await running.promise;
      sink.text("stdout", "ran\n");
      return { kind: "finished" };
    });
    const limits = { concurrent: 1, queued: 0 };
    const turns = [writes("first"), writes("second"), says("oh"), says("fine")];
    const { model, vr } = await start(turns, runtime, { limits });
    const first = vr.post({ tools: [TOOL] });
    await begun.promise;
    const { response } = await vr.post({ tools: [TOOL], ...OUTPUTS });
    expect(itemsOf(response.output)[0]).toMatchObject({
      status: "failed",
      outputs: [{ type: "logs", logs: expect.stringContaining("The queue of 0 is full") }],
    });
    expect(told(model, 2)).toEqual([expect.stringContaining("The code was not run: The queue of 0 is full")]);
    running.open();
    expect(itemsOf((await first).response.output)[0]?.status).toBe("completed");
  });
});

describe("who leaves", () => {
  it("interrupts the code; the response is stored as cancelled", async () => {
    const begun = gate();
    const interrupted = gate();
    const runtime = fakeRuntime(async (_code, _sink, { signal }) => {
      begun.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      interrupted.open();
      return { kind: "interrupted", lost: false };
    });
    const { vr } = await start([writes("while True: pass")], runtime);
    const answer = await vr.open({ tools: [TOOL] });
    const created = await answer.until("response.created");
    await begun.promise;
    answer.leave();
    await interrupted.promise;
    await expect
      .poll(async () => (await vr.get(created.response.id)).response)
      .toMatchObject({ status: "cancelled" });
  });
});

describe("onToolCall", () => {
  const guard = (decide: (code: string) => object | undefined) =>
    plugin("guard", (vr) => {
      vr.hooks.onToolCall.tap((call) => decide(String(call.arguments.code)) as never);
    });

  it("can deny", async () => {
    const runtime = fakeRuntime();
    const deny = guard((code) => (/socket/.test(code) ? { kind: "deny", reason: "no sockets" } : undefined));
    const { model, vr } = await start([writes("import socket"), says("oh")], runtime, {}, deny);
    const { response } = await vr.post({ tools: [TOOL], ...OUTPUTS });
    expect(runtime.sessions).toEqual([]);
    expect(itemsOf(response.output)[0]).toMatchObject({
      status: "failed",
      outputs: [{ type: "logs", logs: "This call was denied: no sockets" }],
    });
    expect(told(model, 1)).toEqual(["Error: This call was denied: no sockets"]);
  });

  it("can answer in the tool's place", async () => {
    const runtime = fakeRuntime();
    const replace = guard(() => ({ kind: "output", output: "42" }));
    const { model, vr } = await start([writes("6*7"), says("42")], runtime, {}, replace);
    const { response } = await vr.post({ tools: [TOOL], ...OUTPUTS });
    expect(runtime.sessions).toEqual([]);
    expect(itemsOf(response.output)[0]).toMatchObject({
      status: "completed",
      outputs: [{ type: "logs", logs: "42" }],
    });
    expect(told(model, 1)).toEqual(["42"]);
  });

  it("can ask the client, who approves", async () => {
    const runtime = fakeRuntime();
    const ask = guard(() => ({ kind: "needs_approval" }));
    const { model, vr } = await start([writes("risky()"), says("done")], runtime, {}, ask);
    const { response } = await vr.post({ tools: [TOOL] });
    const request = response.output.find(({ type }) => type === "mcp_approval_request");
    expect(request).toMatchObject({ name: "code_interpreter", arguments: '{"code":"risky()"}' });
    expect(runtime.sessions).toEqual([]);
    const approval = { type: "mcp_approval_response", approval_request_id: request?.id, approve: true };
    const next = await vr.post({ tools: [TOOL], previous_response_id: response.id, input: [approval] });
    expect(itemsOf(next.response.output)[0]).toMatchObject({ status: "completed", code: "risky()" });
    expect(runtime.sessions[0]?.executed).toEqual(["risky()"]);
    // Nothing ran before it, so nothing is gone.
    expect(told(model, 1).join()).not.toMatch(/gone/);
  });
});

describe("onOutputItem", () => {
  it("can change what code printed, for the client and for the model", async () => {
    const redact = plugin("redact", (vr) => {
      vr.hooks.onOutputItem.tap((item) =>
        item.type === "code_interpreter_call"
          ? { ...item, outputs: [{ type: "logs" as const, logs: "redacted" }] }
          : item,
      );
    });
    const { model, vr } = await start([writes("secret"), says("oh")], fakeRuntime(), {}, redact);
    const { response } = await vr.post({ tools: [TOOL], ...OUTPUTS });
    expect(logsOf(itemsOf(response.output)[0])).toBe("redacted");
    expect(told(model, 1)).toEqual(["redacted"]);
  });
});

describe("the gateway", () => {
  it("shows the runtime in /ready and ends it when it stops", async () => {
    const runtime = fakeRuntime();
    const { vr } = await start([writes("1"), says("done")], runtime);
    await vr.post({ tools: [TOOL] });
    const ready = (await (await fetch(`${vr.url}/ready`)).json()) as { dependencies: object };
    expect(ready.dependencies).toEqual({
      "code-interpreter": { ok: true, fake: true, containers: 1, running: 0, waiting: 0, spares: 0 },
    });
    await vr.close();
    expect(runtime.closed).toBe(true);
    expect(runtime.sessions.map(({ closed }) => closed)).toEqual([true]);
  });
});
