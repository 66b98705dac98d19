import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Tool, ToolResult } from "../../core/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { args, begin, finish, text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { codeInterpreter } from "../helpers/plugins/code-interpreter.ts";
import { mcp } from "../helpers/plugins/mcp.ts";
import { calls, gate, says, scripted } from "../helpers/scripted.ts";

const interpreter = { type: "code_interpreter", container: { type: "auto" } };
const docs = { type: "mcp", server_label: "docs" };
const found: ToolResult = { kind: "output", output: "two pages" };

describe("a plugin's code_interpreter_call", () => {
  const run = (code: string) => ({ logs: `ran ${code}` });

  it("opens, streams its code cut live out of the JSON arguments, runs, and ends", async () => {
    const model = scripted(
      [
        begin("python"),
        args(0, '{"co'),
        args(0, 'de":"print('),
        args(0, '\\"hi\\")\\n'),
        args(0, '"}'),
        finish("tool_calls"),
      ],
      says("done"),
    );
    const vr = await startInProcess({ plugins: [model, codeInterpreter(run)] });
    const { events, types, response } = await vr.stream({ tools: [interpreter] });
    expect(types.slice(2, 11)).toEqual([
      "response.output_item.added",
      "response.code_interpreter_call.in_progress",
      "response.code_interpreter_call_code.delta",
      "response.code_interpreter_call_code.delta",
      "response.code_interpreter_call_code.done",
      "response.code_interpreter_call.interpreting",
      "response.code_interpreter_call.completed",
      "response.output_item.done",
      "response.output_item.added",
    ]);
    const deltas = events.flatMap((event) =>
      event.type === "response.code_interpreter_call_code.delta" ? [event.delta] : [],
    );
    expect(deltas).toEqual(["print(", '"hi")\n']);
    expect(response.output[0]).toMatchObject({
      type: "code_interpreter_call",
      id: expect.stringMatching(/^ci_/),
      code: 'print("hi")\n',
      container_id: "cntr_auto",
      status: "completed",
    });
  });

  it("ends unstreamed as it does in a stream", async () => {
    const { response } = await bothWays(
      () => ({ plugins: [scripted(calls(["python", { code: "1+1" }]), says("2")), codeInterpreter(run)] }),
      { tools: [interpreter] },
    );
    expect(response.output.map(({ type }) => type)).toEqual(["code_interpreter_call", "message"]);
  });

  it("tells the model what the code printed", async () => {
    const model = scripted(calls(["python", { code: "1+1" }]), says("2"));
    const vr = await startInProcess({ plugins: [model, codeInterpreter(run)] });
    await vr.stream({ tools: [interpreter] });
    expect(model.read(1).slice(1)).toEqual([
      { type: "function_call", call_id: "call_python_0", name: "python", arguments: '{"code":"1+1"}' },
      { type: "function_call_output", call_id: "call_python_0", output: "ran 1+1" },
    ]);
  });

  it("hides its outputs unless they are included, in every event and when it is read again", async () => {
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["python", { code: "1" }]), says("ok"), calls(["python", { code: "2" }]), says("ok")),
        codeInterpreter(run),
      ],
    });
    const hidden = await vr.stream({ tools: [interpreter] });
    expect(JSON.stringify(hidden.events)).not.toContain("ran 1");
    expect(hidden.response.output[0]).toMatchObject({ outputs: null });
    expect((await vr.get(hidden.response.id)).response.output[0]).toMatchObject({ outputs: null });

    const include = ["code_interpreter_call.outputs"];
    const shown = await vr.stream({ tools: [interpreter], include });
    expect(shown.response.output[0]).toMatchObject({ outputs: [{ type: "logs", logs: "ran 2" }] });
    const later = await vr.get(`${hidden.response.id}?include[]=code_interpreter_call.outputs`);
    expect(later.response.output[0]).toMatchObject({ outputs: [{ type: "logs", logs: "ran 1" }] });
  });

  it("is what the model reads in the history, outputs too, although they were hidden", async () => {
    const model = scripted(calls(["python", { code: "1" }]), says("ok"), says("again"));
    const vr = await startInProcess({ plugins: [model, codeInterpreter(run)] });
    const { response } = await vr.stream({ tools: [interpreter] });
    await vr.post({ previous_response_id: response.id, input: "and?" });
    const { id } = response.output[0] as { id: string };
    expect(model.read(2).slice(1, 3)).toEqual([
      { type: "function_call", call_id: id, name: "python", arguments: '{"code":"1"}' },
      { type: "function_call_output", call_id: id, output: "ran 1" },
    ]);
  });

  it("ends as incomplete when the model is cut off in its code, which does not run", async () => {
    const ran: string[] = [];
    const { response } = await bothWays(
      () => ({
        plugins: [
          scripted([begin("python"), args(0, '{"code":"rm -rf'), finish("length")]),
          codeInterpreter((code) => {
            ran.push(code);
            return { logs: "" };
          }),
        ],
      }),
      { tools: [interpreter] },
    );
    expect(ran).toEqual([]);
    expect(response).toMatchObject({
      status: "incomplete",
      output: [{ type: "code_interpreter_call", status: "incomplete", code: "rm -rf" }],
    });
  });
});

describe("both plugins", () => {
  it("need nothing but the public entry", () => {
    const folder = new URL("../helpers/plugins/", import.meta.url);
    const imports = readdirSync(folder).flatMap((file) =>
      [...readFileSync(new URL(file, folder), "utf8").matchAll(/from "([^"]+)"/g)].map(([, name]) => name),
    );
    expect(imports).toEqual(["vr-gateway", "vr-gateway"]);
  });
});

describe("turn.progress", () => {
  const action = { type: "search" as const, query: "vr", queries: ["vr"] };
  const item = { type: "web_search_call" as const, status: "in_progress" as const, action };
  const search = (execute: Tool["execute"]) =>
    plugin("search", ({ tools }) =>
      tools.add({
        name: "search",
        parameters: {},
        present: () => ({
          idPrefix: "ws",
          item,
          opened: [{ type: "response.web_search_call.in_progress" }],
          args: () => [],
          ready: () => [],
          done: (end) =>
            end.kind === "output"
              ? {
                  item: { ...item, status: "completed" },
                  events: [{ type: "response.web_search_call.completed" }],
                }
              : { item: { ...item, status: "failed" }, events: [] },
        }),
        execute,
      }),
    );

  it("shows what a tool reports while it runs", async () => {
    const running = gate();
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["search", {}]), says("ok")),
        search(async (_, turn) => {
          turn.progress({ type: "response.web_search_call.searching" });
          await running.promise;
          return found;
        }),
      ],
    });
    const stream = await vr.open();
    const { item_id, output_index } = await stream.until("response.web_search_call.searching");
    running.open();
    const { response } = await stream.rest();
    expect([item_id, output_index]).toEqual([(response.output[0] as { id: string }).id, 0]);
  });

  it("is heard no more once the call has ended, whatever is left running", async () => {
    let report = () => {};
    const reported = gate();
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["search", {}]), [text("ok"), reported.promise, text("!"), finish()]),
        search((_, turn) => {
          turn.progress({ type: "response.web_search_call.searching" });
          report = () => turn.progress({ type: "response.web_search_call.searching" });
          return found;
        }),
      ],
    });
    const stream = await vr.open();
    await stream.until("response.output_text.delta");
    report();
    reported.open();
    const { types } = await stream.rest();
    report();
    expect(types.filter((type) => type.endsWith(".searching"))).toHaveLength(1);
    expect((await fetch(`${vr.url}/health`)).status).toBe(200);
  });

  it("is heard no more once the call's time is up", async () => {
    let report = () => {};
    const forever = gate();
    const reported = gate();
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["search", {}]), [text("ok"), reported.promise, text("!"), finish()]),
        search(async (_, turn) => {
          report = () => turn.progress({ type: "response.web_search_call.searching" });
          await forever.promise;
          return found;
        }),
      ],
      limits: { toolTimeoutMs: 5 },
    });
    const stream = await vr.open();
    await stream.until("response.output_text.delta");
    report();
    reported.open();
    const { response, types } = await stream.rest();
    expect(response.output[0]).toMatchObject({ type: "web_search_call", status: "failed" });
    expect(types).not.toContain("response.web_search_call.searching");
  });
});

describe("a plugin's mcp_call", () => {
  it("opens the stream with what the server offers, in its own order of events", async () => {
    const vr = await startInProcess({
      plugins: [scripted(says("noon")), mcp({ docs: { search: () => found } })],
    });
    const { types, response } = await vr.stream({ tools: [docs] });
    expect(types.slice(0, 6)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.mcp_list_tools.in_progress",
      "response.mcp_list_tools.completed",
      "response.output_item.done",
    ]);
    expect(response.output[0]).toMatchObject({
      type: "mcp_list_tools",
      id: expect.stringMatching(/^mcpl_/),
      server_label: "docs",
      tools: [{ name: "search" }],
    });
  });

  it("streams its arguments, and ends with the server's answer", async () => {
    const vr = await startInProcess({
      plugins: [
        scripted(
          [begin("docs__search"), args(0, '{"q":'), args(0, '"vr"}'), finish("tool_calls")],
          says("found"),
        ),
        mcp({ docs: { search: ({ q }) => ({ kind: "output", output: `pages on ${q}` }) } }),
      ],
    });
    const { types, response } = await vr.stream({ tools: [docs] });
    expect(types.slice(6, 13)).toEqual([
      "response.output_item.added",
      "response.mcp_call.in_progress",
      "response.mcp_call_arguments.delta",
      "response.mcp_call_arguments.delta",
      "response.mcp_call_arguments.done",
      "response.mcp_call.completed",
      "response.output_item.done",
    ]);
    expect(response.output[1]).toMatchObject({
      type: "mcp_call",
      server_label: "docs",
      name: "search",
      arguments: '{"q":"vr"}',
      output: "pages on vr",
      error: null,
      status: "completed",
    });
    expect(wordsOf(response.output)).toBe("found");
  });

  it("is replayed under the name that the model calls", async () => {
    const model = scripted(calls(["docs__search", { q: "vr" }]), says("found"), says("again"));
    const vr = await startInProcess({ plugins: [model, mcp({ docs: { search: () => found } })] });
    const { response } = await vr.stream({ tools: [docs] });
    await vr.post({ previous_response_id: response.id, tools: [docs] });
    expect(model.read(2).slice(1, 3)).toMatchObject([
      { type: "function_call", name: "docs__search", arguments: '{"q":"vr"}' },
      { type: "function_call_output", output: "two pages" },
    ]);
    expect(model.requests[2]?.tools.map(({ name }) => name)).toEqual(["docs__search"]);
  });

  it("is said nothing of to the model when it only lists tools", async () => {
    const model = scripted(says("noon"), says("again"));
    const vr = await startInProcess({ plugins: [model, mcp({ docs: { search: () => found } })] });
    const { response } = await vr.stream({ tools: [docs] });
    await vr.post({ previous_response_id: response.id, input: "and?" });
    expect(model.read(1).map((item) => item.type)).toEqual(["message", "message", "message"]);
  });

  it("keeps servers apart that have a tool of one name", async () => {
    const { response } = await bothWays(
      () => ({
        plugins: [
          scripted(calls(["a__search", {}], ["b__search", {}]), says("found")),
          mcp({
            a: { search: () => ({ kind: "output", output: "from a" }) },
            b: { search: () => ({ kind: "output", output: "from b" }) },
          }),
        ],
      }),
      {
        tools: [
          { type: "mcp", server_label: "a" },
          { type: "mcp", server_label: "b" },
        ],
      },
    );
    expect(response.output.slice(2, 4)).toMatchObject([
      { server_label: "a", name: "search", output: "from a" },
      { server_label: "b", name: "search", output: "from b" },
    ]);
  });
});

describe("a gateway tool without a presentation", () => {
  it("shows as an mcp_call under the plugin's name", async () => {
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(calls(["clock", {}]), says(text("noon"))),
        plugin("my-tools", ({ tools }) => tools.add({ name: "clock", parameters: {}, execute: () => found })),
      ],
    }));
    expect(response.output[0]).toMatchObject({ type: "mcp_call", server_label: "my-tools", name: "clock" });
  });

  it("shows under the plugin's name when it comes from a tool kind too", async () => {
    const { response } = await bothWays(
      () => ({
        plugins: [
          scripted(calls(["search", {}]), says("found")),
          plugin("my-search", ({ tools }) =>
            tools.kind({
              type: "file_search",
              resolve: () => ({ tools: [{ name: "search", parameters: {}, execute: () => found }] }),
            }),
          ),
        ],
      }),
      { tools: [{ type: "file_search", vector_store_ids: ["vs_1"] }] },
    );
    expect(response.output[0]).toMatchObject({ type: "mcp_call", server_label: "my-search", name: "search" });
  });

  it("may be an object of a class", async () => {
    class Counter implements Tool {
      readonly name = "count";
      readonly parameters = {};
      #calls = 0;
      execute(): ToolResult {
        return { kind: "output", output: `${++this.#calls}` };
      }
    }
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(calls(["count", {}], ["count", {}]), says("two")),
        plugin("counter", ({ tools }) => tools.add(new Counter())),
      ],
    }));
    expect(response.output).toMatchObject([{ output: "1", server_label: "counter" }, { output: "2" }, {}]);
  });

  it.each<[string, ToolResult, string]>([
    ["text", { kind: "output", output: "two pages" }, "two pages"],
    [
      "parts",
      {
        kind: "output",
        output: [
          { type: "input_text", text: "a picture:" },
          { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" },
        ],
      },
      "a picture:\n[input_image]",
    ],
  ])("shows an output of %s as a string, and gives the model all of it", async (_, result, shown) => {
    const model = scripted(calls(["look", {}]), says("seen"));
    const vr = await startInProcess({
      plugins: [
        model,
        plugin("eye", ({ tools }) => tools.add({ name: "look", parameters: {}, execute: () => result })),
      ],
    });
    const { response } = await vr.stream();
    expect(response.output[0]).toMatchObject({ output: shown });
    expect(model.read(1).at(-1)).toMatchObject({ output: (result as { output: unknown }).output });
  });
});
