import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import type { wire } from "../../../core/index.ts";
import { codeInterpreter } from "../../../plugins/code-interpreter/index.ts";
import { type FakeRuntime, fakeRuntime } from "../../helpers/fake-runtime.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { calls, gate, type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";

const auto = { type: "code_interpreter" };
const writes = (code: string) => calls(["python", { code }]);
/** Writes what the client says, then says "done". */
const obeys: ScriptedTurn = ({ items }) => {
  const last = items.at(-1)?.item;
  if (last?.type !== "message") return says("done");
  return writes(typeof last.content === "string" ? last.content : JSON.stringify(last.content));
};

async function start(
  turns: readonly ScriptedTurn[],
  runtime: FakeRuntime,
  options: Parameters<typeof codeInterpreter>[0] = {},
) {
  const model = scripted(...turns);
  const vr = await startInProcess({ plugins: [model, codeInterpreter({ runtime, spares: 0, ...options })] });
  const { containers } = new OpenAI({ baseURL: `${vr.url}/v1`, apiKey: "none", maxRetries: 0 });
  return { model, vr, containers };
}

const containerOf = ({ output }: wire.Response) =>
  output.flatMap((item) => (item.type === "code_interpreter_call" ? [item.container_id] : []))[0] ?? "";
const statusOf = ({ output }: wire.Response) =>
  output.flatMap((item) => (item.type === "code_interpreter_call" ? [item.status] : []))[0];
const told = (model: ReturnType<typeof scripted>, n: number) => JSON.stringify(model.read(n).at(-1));

/** Code that says "wait" runs until the gate opens. */
function waiting() {
  const begun = gate();
  const end = gate();
  const runtime = fakeRuntime(async (code, sink) => {
    if (code.includes("wait")) {
      begun.open();
      await end.promise;
    }
    sink.text("stdout", `ran ${code}\n`);
    return { kind: "finished" };
  });
  return { runtime, begun, end };
}

describe("code that asked for the end of its process", () => {
  it("is completed, and the model is told what is gone", async () => {
    const runtime = fakeRuntime((code, sink) => {
      sink.text("stdout", `ran ${code}\n`);
      return { kind: code.includes("exit()") ? "exited" : "finished" };
    });
    const { vr, model } = await start(Array<ScriptedTurn>(4).fill(obeys), runtime);
    const { response } = await vr.post({ tools: [auto], input: "exit()" });
    expect(statusOf(response)).toBe("completed");
    expect(told(model, 1)).toMatch(/ran .*exit.*The code ended its process\. Variables are gone\./);
    await vr.post({ tools: [auto], input: "next", previous_response_id: response.id });
    expect(told(model, 3)).not.toMatch(/gone/);
  });
});

describe("a conversation whose container has expired", () => {
  it("goes on in another one, and the model is told, once", async () => {
    const limits = { sessions: 1, concurrent: 1 };
    const { vr, model } = await start(Array<ScriptedTurn>(8).fill(obeys), fakeRuntime(), { limits });
    const first = await vr.post({ tools: [auto], input: "x = 1" });
    await vr.post({ tools: [auto], input: "another" });
    const next = await vr.post({ tools: [auto], input: "x", previous_response_id: first.response.id });
    await vr.post({ tools: [auto], input: "x", previous_response_id: next.response.id });
    expect(containerOf(next.response)).not.toBe(containerOf(first.response));
    expect(told(model, 3)).not.toContain("gone");
    expect(told(model, 5)).toContain("[Variables and files of earlier calls are gone.");
    expect(told(model, 7)).not.toContain("gone");
  });
});

describe("a container with a call that waits", () => {
  it("does not expire: its session is ended where another needs the room, and the model is told", async () => {
    const holds = { a: gate(), c: gate() };
    const begun = { a: gate(), c: gate() };
    const runtime = fakeRuntime(async (code, sink) => {
      for (const name of ["a", "c"] as const)
        if (code.includes(`hold ${name}`)) {
          begun[name].open();
          await holds[name].promise;
        }
      sink.text("stdout", "ran\n");
      return { kind: "finished" };
    });
    const limits = { sessions: 2, concurrent: 2 };
    const { vr, model, containers } = await start(Array<ScriptedTurn>(8).fill(obeys), runtime, { limits });
    const [a, c] = [await containers.create({ name: "a" }), await containers.create({ name: "c" })];
    const post = (input: string, id?: string) =>
      vr.post({ tools: [id ? { ...auto, container: id } : auto], input });
    const waiting = async () => {
      const ready = await (await fetch(`${vr.url}/ready`)).json();
      return (ready as { dependencies: Record<string, { waiting: number }> }).dependencies["code-interpreter"]
        ?.waiting;
    };
    const held = [post("hold a", a.id), post("hold c", c.id)];
    await Promise.all([begun.a.promise, begun.c.promise]);
    const other = post("other");
    await expect.poll(waiting).toBe(1);
    const next = post("next", a.id);
    await expect.poll(waiting).toBe(2);
    holds.a.open();
    expect(statusOf((await other).response)).toBe("completed");
    expect(statusOf((await next).response)).toBe("completed");
    const read = model.requests.map((_, n) => told(model, n)).join();
    expect(read).toContain(
      "[Variables and files of earlier calls are gone. Its process was needed elsewhere.]",
    );
    expect(await containers.retrieve(a.id)).toMatchObject({ id: a.id, name: "a" });
    holds.c.open();
    await Promise.all(held);
  });
});

describe("a container that is deleted", () => {
  it("while a call waits fails that call, and does not come back", async () => {
    const { runtime, begun, end } = waiting();
    const limits = { sessions: 1, concurrent: 1 };
    const { vr, model, containers } = await start(Array<ScriptedTurn>(4).fill(obeys), runtime, { limits });
    const { id } = await containers.create({ name: "mine" });
    const holding = vr.post({ tools: [auto], input: "wait" });
    await begun.promise;
    const answer = vr.post({ tools: [{ ...auto, container: id }], input: "x" });
    await expect.poll(() => model.requests.length).toBe(2);
    await containers.delete(id);
    end.open();
    await holding;
    const { response } = await answer;
    expect(statusOf(response)).toBe("failed");
    expect(model.requests.map((_, n) => told(model, n)).join()).toContain(
      "The code was not run: The container was deleted.",
    );
    await expect(containers.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  it("while the model still writes fails the call, and does not come back", async () => {
    const deleted = gate();
    const asked = gate();
    const turn: ScriptedTurn = () => {
      asked.open();
      return [deleted.promise, ...writes("x")];
    };
    const { vr, model, containers } = await start([turn, says("oh")], fakeRuntime());
    const { id } = await containers.create({ name: "mine" });
    const answer = vr.post({ tools: [{ ...auto, container: id }] });
    await asked.promise;
    await containers.delete(id);
    deleted.open();
    expect(statusOf((await answer).response)).toBe("failed");
    expect(told(model, 1)).toContain("The code was not run: The container was deleted.");
    await expect(containers.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  it("while its session opens fails the call", async () => {
    const runtime = fakeRuntime();
    const opening = gate();
    runtime.opening = (signal) => {
      opening.open();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const { vr, model, containers } = await start([writes("x"), says("oh")], runtime);
    const { id } = await containers.create({ name: "mine" });
    const answer = vr.post({ tools: [{ ...auto, container: id }] });
    await opening.promise;
    await containers.delete(id);
    expect(statusOf((await answer).response)).toBe("failed");
    expect(told(model, 1)).toContain("The code was not run: The container was deleted.");
  });
});

describe("freshGlobals", () => {
  it("keeps a container from expiring while its code runs", async () => {
    const { runtime, begun, end } = waiting();
    const { vr } = await start(Array<ScriptedTurn>(4).fill(obeys), runtime, {
      freshGlobals: true,
      limits: { containers: 1 },
    });
    const holding = vr.post({ tools: [auto], input: "wait" });
    await begun.promise;
    const { response } = await vr.post({ tools: [auto], input: "x" });
    expect(statusOf(response)).toBe("failed");
    end.open();
    expect(statusOf((await holding).response)).toBe("completed");
  });
});

describe("limits.sessions", () => {
  it("holds when several sessions open at once", async () => {
    const both = gate();
    const runtime = fakeRuntime();
    const limits = { sessions: 2, concurrent: 2 };
    const { vr } = await start(Array<ScriptedTurn>(8).fill(obeys), runtime, { limits });
    for (const input of ["a", "b"]) await vr.post({ tools: [auto], input });
    let opening = 0;
    runtime.opening = () => {
      opening += 1;
      if (opening === 2) both.open();
      return both.promise;
    };
    await Promise.all(["c", "d"].map((input) => vr.post({ tools: [auto], input })));
    expect(runtime.sessions.map(({ closed }) => closed)).toEqual([true, true, false, false]);
  });
});

describe("a client that leaves while its code has to be killed", () => {
  it("loses the variables: the model is told at the next call", async () => {
    const begun = gate();
    const ended = gate();
    const runtime = fakeRuntime(async (code, sink, { signal }) => {
      if (!code.includes("wait")) {
        sink.text("stdout", "fine");
        return { kind: "finished" };
      }
      begun.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended.open();
      return { kind: "interrupted", lost: true };
    });
    const { vr, model, containers } = await start(Array<ScriptedTurn>(3).fill(obeys), runtime);
    const { id } = await containers.create({ name: "mine" });
    const answer = await vr.open({ tools: [{ ...auto, container: id }], input: "wait" });
    await begun.promise;
    answer.leave();
    await ended.promise;
    await vr.post({ tools: [{ ...auto, container: id }], input: "x" });
    expect(told(model, 2)).toContain("[Variables of earlier calls are gone.");
  });
});
