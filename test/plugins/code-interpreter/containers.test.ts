import OpenAI from "openai";
import { describe, expect, it, vi } from "vitest";
import type { wire } from "../../../core/index.ts";
import { codeInterpreter } from "../../../plugins/code-interpreter/index.ts";
import { type FakeRuntime, fakeRuntime } from "../../helpers/fake-runtime.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { calls, gate, type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";

const auto = { type: "code_interpreter" };
const inContainer = (container: unknown) => ({ type: "code_interpreter", container });
const writes = (code: string) => calls(["python", { code }]);
/** So many responses, each with one call. */
const runs = (count: number): ScriptedTurn[] =>
  Array.from({ length: count }, (_, i) => [writes(`${i + 1}`), says("done")]).flat();

async function start(
  turns: readonly ScriptedTurn[],
  options: Parameters<typeof codeInterpreter>[0] = {},
  runtime: FakeRuntime = fakeRuntime(),
) {
  const model = scripted(...turns);
  const vr = await startInProcess({ plugins: [model, codeInterpreter({ runtime, spares: 0, ...options })] });
  const openai = new OpenAI({ baseURL: `${vr.url}/v1`, apiKey: "none", maxRetries: 0 });
  return { model, vr, runtime, openai, containers: openai.containers };
}

const containerOf = (response: wire.Response) =>
  response.output.flatMap((item) => (item.type === "code_interpreter_call" ? [item.container_id] : []))[0];
const executed = (runtime: FakeRuntime) => runtime.sessions.map((session) => session.executed);

describe("a conversation's container", () => {
  it("is its own, and kept along previous_response_id", async () => {
    const { vr, runtime } = await start(runs(3));
    const first = await vr.post({ tools: [auto] });
    const other = await vr.post({ tools: [inContainer({ type: "auto" })] });
    const next = await vr.post({ tools: [auto], previous_response_id: first.response.id });
    expect(containerOf(next.response)).toBe(containerOf(first.response));
    expect(containerOf(other.response)).not.toBe(containerOf(first.response));
    expect(executed(runtime)).toEqual([["1", "3"], ["2"]]);
  });

  it("is kept by clients that send the items again themselves", async () => {
    const { vr, runtime } = await start(runs(2));
    const { response } = await vr.post({ tools: [auto], store: false });
    const input = [...response.output, { role: "user", content: "and?" }];
    await vr.post({ tools: [auto], store: false, input });
    expect(executed(runtime)).toEqual([["1", "2"]]);
  });

  it("is another one when the first has expired", async () => {
    const { vr, runtime, containers } = await start(runs(2));
    const first = await vr.post({ tools: [auto] });
    await containers.delete(containerOf(first.response) ?? "");
    const next = await vr.post({ tools: [auto], previous_response_id: first.response.id });
    expect(containerOf(next.response)).not.toBe(containerOf(first.response));
    expect(executed(runtime)).toEqual([["1"], ["2"]]);
  });

  it("is not said to be gone by a client's history of a call that was cut off before it ran", async () => {
    const { model, vr } = await start(runs(1));
    const cutOff = {
      type: "code_interpreter_call",
      id: "ci_1",
      status: "incomplete",
      code: "1",
      outputs: null,
    };
    const input = [
      { ...cutOff, container_id: "cntr_of_old" },
      { role: "user", content: "again" },
    ];
    await vr.post({ tools: [auto], input });
    expect(JSON.stringify(model.requests.at(-1))).not.toMatch(/gone/);
    const ran = { ...cutOff, status: "completed", container_id: "cntr_of_old" };
    const other = await start(runs(1));
    await other.vr.post({ tools: [auto], input: [ran, { role: "user", content: "again" }] });
    expect(JSON.stringify(other.model.requests.at(-1))).toMatch(
      /Variables and files of earlier calls are gone/,
    );
  });

  it("expires by a clock that nobody sets, whatever the date is", async () => {
    const { vr, openai } = await start(runs(2), { limits: { idleMs: 60_000 } });
    const { response } = await vr.post({ tools: [auto] });
    const date = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 24 * 60 * 60_000);
    try {
      const next = await vr.post({ tools: [auto], previous_response_id: response.id });
      expect(containerOf(next.response)).toBe(containerOf(response));
      expect(await openai.containers.retrieve(containerOf(response) ?? "")).toMatchObject({
        status: "running",
      });
    } finally {
      date.mockRestore();
    }
  });

  it("costs no session as long as nothing is run", async () => {
    const { vr, runtime } = await start([says("hi")]);
    await vr.post({ tools: [auto] });
    expect(runtime.sessions).toEqual([]);
  });

  it("that loses its session says so to the model, once", async () => {
    const { vr, model, runtime } = await start(runs(3));
    const first = await vr.post({ tools: [auto] });
    runtime.sessions[0]?.end("The kernel died.");
    const second = await vr.post({ tools: [auto], previous_response_id: first.response.id });
    await vr.post({ tools: [auto], previous_response_id: second.response.id });
    const told = (n: number) => JSON.stringify(model.read(n).at(-1));
    expect(told(3)).toContain("[Variables and files of earlier calls are gone. The kernel died.]\\nran 2");
    expect(told(5)).toContain('"ran 3"');
    expect(containerOf(second.response)).toBe(containerOf(first.response));
  });
});

describe("a session that ends in an execution", () => {
  it("is replaced at the next, whose model need not be told twice", async () => {
    const runtime = fakeRuntime((code, sink, _limits, session) => {
      if (code !== "1") {
        sink.text("stdout", "fine");
        return { kind: "finished" };
      }
      session.end("The memory is full.");
      return { kind: "died", reason: "The memory is full." };
    });
    const { vr, model } = await start(runs(2), {}, runtime);
    const { response } = await vr.post({ tools: [auto] });
    await vr.post({ tools: [auto], previous_response_id: response.id });
    const told = (n: number) => model.read(n).flatMap((item) => ("output" in item ? [item.output] : []));
    const failure = "[The code was stopped. The memory is full. Variables and files are gone.]";
    expect(told(1)).toEqual([failure]);
    expect(told(3)).toEqual([failure, "fine"]);
  });
});

describe("freshGlobals", () => {
  it("gives each call a session of its own, which ends with it", async () => {
    const turns = [calls(["python", { code: "a" }], ["python", { code: "b" }]), says("done")];
    const { vr, runtime } = await start(turns, { freshGlobals: true });
    await vr.post({ tools: [auto] });
    expect(executed(runtime).flat().sort()).toEqual(["a", "b"]);
    expect(runtime.sessions.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe("a container that the request names", () => {
  it("is used", async () => {
    const { vr, runtime, containers } = await start(runs(2));
    const { id } = await containers.create({ name: "mine" });
    for (let i = 0; i < 2; i++)
      expect(containerOf((await vr.post({ tools: [inContainer(id)] })).response)).toBe(id);
    expect(executed(runtime)).toEqual([["1", "2"]]);
  });

  it("is a 404 that names the place when it is unknown", async () => {
    const { vr } = await start([]);
    const { status, error } = await vr.post({ tools: [inContainer("cntr_nowhere")] });
    expect(status).toBe(404);
    expect(error).toMatchObject({ code: "container_not_found", param: "tools[0].container" });
  });

  it("is a 404 of its own when it has expired", async () => {
    const { vr, runtime, containers } = await start(runs(1), { limits: { idleMs: 30 } });
    const { id } = await containers.create({ name: "short" });
    await expect.poll(async () => (await vr.post({ tools: [inContainer(id)] })).status).toBe(404);
    const { error } = await vr.post({ tools: [inContainer(id)] });
    expect(error).toMatchObject({ code: "container_expired", param: "tools[0].container" });
    expect(error.message).toBe(`Container "${id}" has expired.`);
    expect(runtime.sessions.every(({ closed }) => closed)).toBe(true);
  });

  it.each([
    ["files", { type: "auto", file_ids: ["file-1"] }, "tools[0].container.file_ids"],
    ["a memory of no size", { type: "auto", memory_limit: "2g" }, "tools[0].container.memory_limit"],
    ["another type", { type: "manual" }, "tools[0].container.type"],
    ["a number", 5, "tools[0].container"],
    [
      "access to domains",
      { type: "auto", network_policy: { type: "allowlist", allowed_domains: ["a.example"] } },
      "tools[0].container.network_policy",
    ],
  ])("is a 400 with %s", async (_name, container, param) => {
    const { vr } = await start([]);
    const { status, error } = await vr.post({ tools: [inContainer(container)] });
    expect({ status, param: error.param }).toEqual({ status: 400, param });
  });

  it("may want no network where there is none, and not where code could reach one", async () => {
    const body = { tools: [inContainer({ type: "auto", network_policy: { type: "disabled" } })] };
    const { vr } = await start([says("hi")]);
    expect((await vr.post(body)).status).toBe(200);
    const open = fakeRuntime();
    open.network = "open";
    const { vr: other } = await start([], {}, open);
    expect((await other.post(body)).error).toMatchObject({ param: "tools[0].container.network_policy" });
  });

  it("may ask for memory, which is not given: a warning", async () => {
    const { vr } = await start([says("hi")]);
    const { headers } = await vr.post({ tools: [inContainer({ type: "auto", memory_limit: "4g" })] });
    expect(headers.get("x-vr-warning")).toContain("memory_limit");
  });
});

describe("limits", () => {
  it("above `sessions` the container that was idle longest expires", async () => {
    const { vr, runtime } = await start(runs(4), { limits: { sessions: 2, concurrent: 2 } });
    const [first, second] = [await vr.post({ tools: [auto] }), await vr.post({ tools: [auto] })];
    await vr.post({ tools: [auto], previous_response_id: first.response.id });
    await vr.post({ tools: [auto] });
    expect(runtime.sessions.map(({ closed }) => closed)).toEqual([false, true, false]);
    const gone = await vr.post({ tools: [inContainer(containerOf(second.response))] });
    expect(gone.error.code).toBe("container_expired");
  });

  it("20 executions at once all run", async () => {
    let running = 0;
    let most = 0;
    const runtime = fakeRuntime(async (_code, sink) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      sink.text("stdout", "ran");
      return { kind: "finished" };
    });
    const turns: ScriptedTurn[] = Array.from(
      { length: 40 },
      () => (request) =>
        request.items.some(({ item }) => item.type === "function_call_output") ? says("done") : writes("x"),
    );
    const { vr } = await start(turns, { limits: { concurrent: 4, sessions: 4 } }, runtime);
    const answers = await Promise.all(Array.from({ length: 20 }, () => vr.stream({ tools: [auto] })));
    expect(answers.map(({ types }) => types.at(-1))).toEqual(Array(20).fill("response.completed"));
    expect(new Set(answers.map(({ response }) => containerOf(response))).size).toBe(20);
    expect(most).toBeLessThanOrEqual(4);
  });

  it("concurrent above sessions is a mistake of the configuration", () => {
    expect(() => codeInterpreter({ limits: { concurrent: 8, sessions: 4 } })).toThrow(
      /plugin "code-interpreter": limits\.sessions: must be at least `concurrent`/,
    );
  });
});

describe("spares", () => {
  it("are started ahead, or at the first use, and replaced when they are taken", async () => {
    const { runtime } = await start([], { spares: 2, startAhead: true });
    await expect.poll(() => runtime.sessions.length).toBe(2);
    const later = await start(runs(1), { spares: 2 });
    expect(later.runtime.sessions.length).toBe(0);
    await later.vr.post({ tools: [auto] });
    await expect.poll(() => later.runtime.sessions.length).toBe(3);
  });

  it("that cannot be started are logged, and keep nobody from starting", async () => {
    const runtime = fakeRuntime();
    runtime.opening = () => {
      throw new Error("no room");
    };
    const { vr } = await start([says("hi")], { spares: 1, startAhead: true }, runtime);
    expect((await vr.post()).status).toBe(200);
    expect(vr.log.filter(({ message }) => message === "no session could be started ahead")).toHaveLength(1);
  });
});

describe("/v1/containers, by the OpenAI SDK", () => {
  it("creates, retrieves, lists and deletes", async () => {
    const { containers } = await start([]);
    const minutes = 5;
    const made = await containers.create({
      name: "mine",
      expires_after: { anchor: "last_active_at", minutes },
    });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^cntr_/),
      object: "container",
      name: "mine",
      status: "running",
      expires_after: { anchor: "last_active_at", minutes },
    });
    expect(await containers.retrieve(made.id)).toEqual(made);
    const second = await containers.create({ name: "second" });
    const ids = async (query: object) => (await containers.list(query)).data.map(({ id }) => id);
    expect(await ids({})).toEqual([second.id, made.id]);
    expect(await ids({ order: "asc" })).toEqual([made.id, second.id]);
    expect(await ids({ name: "mine" })).toEqual([made.id]);
    const all: string[] = [];
    for await (const { id } of containers.list({ limit: 1 })) all.push(id);
    expect(all).toEqual([second.id, made.id]);
    await containers.delete(made.id);
    await expect(containers.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
  });

  it("lists the containers of conversations too", async () => {
    const { vr, containers } = await start(runs(1));
    const { response } = await vr.post({ tools: [auto] });
    expect((await containers.list()).data.map(({ id }) => id)).toEqual([containerOf(response)]);
  });

  it.each([
    ["without a name", {}, "name"],
    ["with files", { name: "a", file_ids: ["file-1"] }, "file_ids"],
    ["with skills", { name: "a", skills: [{}] }, "skills"],
    [
      "that never expires",
      { name: "a", expires_after: { anchor: "created_at", minutes: 1 } },
      "expires_after.anchor",
    ],
    ["that reaches domains", { name: "a", network_policy: { type: "allowlist" } }, "network_policy"],
    ["without minutes", { name: "a", expires_after: { anchor: "last_active_at" } }, "expires_after.minutes"],
    ["of another kind", [], null],
  ])("refuses one %s", async (_name, body, param) => {
    const { containers } = await start([]);
    await expect(containers.create(body as { name: string })).rejects.toMatchObject({ status: 400, param });
  });

  it.each([
    [{}, 'Invalid "name": expected a string, got nothing.'],
    [{ name: 5 }, 'Invalid "name": expected a string, got 5.'],
    [{ name: "a", memory_limit: "2g" }, 'expected one of "1g", "4g", "16g", "64g", got "2g".'],
    [{ name: "a", network_policy: { type: "open" } }, 'expected one of "disabled", "allowlist", got "open".'],
    [
      { name: "a", expires_after: { anchor: "last_active_at", minutes: 0 } },
      'Invalid "expires_after.minutes": expected a number of at least 1, got 0.',
    ],
    [{ name: "a", file_ids: ["file-1"] }, "files cannot be uploaded to containers yet"],
  ])("says of %j what was expected and what came", async (body, words) => {
    const { containers } = await start([]);
    await expect(containers.create(body as { name: string })).rejects.toThrow(words);
  });

  it.each([
    ["limit=0", 400, "limit", "expected a number of at least 1, got 0"],
    ["limit=ten", 400, "limit", "expected a number, got a string"],
    ["order=up", 400, "order", 'expected one of "asc", "desc", got "up"'],
    ["after=cntr_x", 404, "after", 'no "cntr_x" in this list'],
    ["before=cntr_x", 404, "before", 'no "cntr_x" in this list'],
  ])("refuses the query ?%s", async (query, status, param, words) => {
    const { vr } = await start([]);
    const answer = await fetch(`${vr.url}/v1/containers?${query}`);
    expect(answer.status).toBe(status);
    const { error } = (await answer.json()) as { error: { param: string; message: string } };
    expect(error.param).toBe(param);
    expect(error.message).toContain(words);
  });

  it("ends an execution whose container is deleted", async () => {
    const begun = gate();
    const runtime = fakeRuntime(async (_code, _sink, { signal }) => {
      begun.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { kind: "interrupted", lost: false };
    });
    const { vr, containers, model } = await start(runs(1), {}, runtime);
    const { id } = await containers.create({ name: "mine" });
    const answer = vr.post({ tools: [inContainer(id)] });
    await begun.promise;
    await containers.delete(id);
    const { response } = await answer;
    expect(response.output[0]).toMatchObject({ type: "code_interpreter_call", status: "failed" });
    expect(JSON.stringify(model.read(1))).toContain("The code was stopped. The container was deleted.");
  });
});

describe("files", () => {
  async function withFiles(content: Record<string, Uint8Array>, options = {}) {
    const runtime = fakeRuntime((_code, _sink, _limits, session) => {
      session.content = new Map(Object.entries(content));
      return { kind: "finished" };
    });
    const started = await start(runs(1), options, runtime);
    const { response } = await started.vr.post({ tools: [auto] });
    return { ...started, id: containerOf(response) ?? "" };
  }

  it("are listed, retrieved and downloaded", async () => {
    const { id, containers } = await withFiles({
      "a.txt": Buffer.from("hello"),
      "b/c.bin": Buffer.from([0, 255]),
    });
    const { data } = await containers.files.list(id, { order: "asc" });
    expect(data.map(({ path, bytes }) => ({ path, bytes }))).toEqual([
      { path: "/mnt/data/a.txt", bytes: 5 },
      { path: "/mnt/data/b/c.bin", bytes: 2 },
    ]);
    const file = data[1]?.id ?? "";
    expect(await containers.files.retrieve(file, { container_id: id })).toMatchObject({
      object: "container.file",
      container_id: id,
      source: "assistant",
    });
    const content = await containers.files.content.retrieve(file, { container_id: id });
    expect([...new Uint8Array(await content.arrayBuffer())]).toEqual([0, 255]);
  });

  it("go out as attachments that no browser runs, under a name that breaks no header", async () => {
    const { id, containers, vr } = await withFiles({
      'x"\r\nset-cookie: a=b\u202e.html': Buffer.from("<script>"),
    });
    const { data } = await containers.files.list(id);
    expect(data[0]?.path).toBe('/mnt/data/x"\u{fffd}\u{fffd}set-cookie: a=b\u{fffd}.html');
    const { headers } = await fetch(`${vr.url}/v1/containers/${id}/files/${data[0]?.id}/content`);
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-disposition")).toMatch(/^attachment; /);
    expect(headers.get("set-cookie")).toBeNull();
  });

  it("are shown and downloaded whatever code has called them", async () => {
    const { id, containers, vr } = await withFiles({ "half \ud800 a pair.txt": Buffer.from("hello") });
    const { data } = await containers.files.list(id);
    expect(data[0]).toMatchObject({ path: "/mnt/data/half \u{fffd} a pair.txt", created_at: 1 });
    const answer = await fetch(`${vr.url}/v1/containers/${id}/files/${data[0]?.id}/content`);
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 200, text: "hello" });
  });

  it("are none in a container where nothing was run", async () => {
    const { containers } = await start([]);
    const { id } = await containers.create({ name: "empty" });
    expect((await containers.files.list(id)).data).toEqual([]);
  });

  it("are a 404 by an id of another container, or none", async () => {
    const { id, vr } = await withFiles({ "a.txt": Buffer.from("hello") });
    for (const path of ["", "/content"]) {
      const answer = await fetch(`${vr.url}/v1/containers/${id}/files/cfile_00${path}`);
      expect(answer.status).toBe(404);
    }
  });

  it("cannot be uploaded yet: 400", async () => {
    const { id, vr } = await withFiles({});
    const body = new FormData();
    body.set("file", new Blob(["x"]), "x.txt");
    const answer = await fetch(`${vr.url}/v1/containers/${id}/files`, { method: "POST", body });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });
});
