import { describe, expect, it } from "vitest";
import type { Hooks, ModelChunk, Plugin } from "../../core/index.ts";
import type { OutputItem } from "../../core/protocol/wire.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { args, begin, call, finish, text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { mcp } from "../helpers/plugins/mcp.ts";
import { calls, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

const docs = { type: "mcp", server_label: "docs", require_approval: "never" };
const weather = { type: "function", name: "weather", parameters: {} };

/** A gateway with `search` and `read` of the MCP server `docs`, `read` of `files`, and what the hooks do. */
function servers(model: Plugin, hooks: (hooks: Hooks) => void = () => {}) {
  const ran: unknown[] = [];
  const run = (name: string) => (values: object) => {
    ran.push([name, values]);
    return { kind: "output" as const, output: `${name} ran` };
  };
  return {
    ran,
    plugins: [
      model,
      mcp({
        docs: { search: run("docs search"), read: run("docs read") },
        files: { read: run("files read") },
      }),
      plugin("tap", (vr) => hooks(vr.hooks)),
    ],
  };
}

/** What came of a request whose model has these turns. */
async function answering(tools: object[], turns: ScriptedTurn[], more: object = {}) {
  const models: ReturnType<typeof scripted>[] = [];
  const ran: unknown[][] = [];
  const answer = await bothWays(
    () => {
      const model = scripted(...turns);
      const made = servers(model);
      models.push(model);
      ran.push(made.ran);
      return { plugins: made.plugins };
    },
    { tools, ...more },
  );
  const model = models[1] as (typeof models)[0];
  const shown = answer.response.output.filter(({ type }) => type !== "mcp_list_tools");
  const { response, events, vr } = answer;
  return { response, events, vr, model, ran: ran[1] as unknown[], shown };
}

const callIn = (items: readonly object[], type = "function_call") =>
  items.find((item) => (item as OutputItem).type === type) as Record<string, unknown> | undefined;

describe("a call of a tool that nobody offered", () => {
  it("is answered for the model, which is told what there is, and goes on", async () => {
    const { response, shown, model } = await answering(
      [docs],
      [calls(["find_it", { q: "x" }]), calls(["docs__search", { q: "x" }]), says("found")],
    );
    expect(response.status).toBe("completed");
    expect(callIn(shown)).toBeUndefined();
    expect(model.read(1).slice(-2)).toMatchObject([
      { type: "function_call", name: "find_it", arguments: '{"q":"x"}' },
      {
        type: "function_call_output",
        output: 'Error: There is no tool "find_it"; there are docs__search, docs__read.',
      },
    ]);
    expect(shown).toMatchObject([
      {
        type: "mcp_call",
        server_label: "gateway",
        name: "find_it",
        arguments: '{"q":"x"}',
        status: "failed",
      },
      { type: "mcp_call", server_label: "docs", name: "search", status: "completed" },
      { type: "message" },
    ]);
  });

  it("is answered beside the client's functions, and when nothing was offered at all", async () => {
    const beside = await answering([weather], [calls(["wether", {}]), calls(["weather", {}])]);
    expect(beside.shown).toMatchObject([
      { type: "mcp_call", name: "wether", status: "failed" },
      { type: "function_call", name: "weather", status: "completed" },
    ]);
    expect(beside.model.read(1).at(-1)).toMatchObject({
      output: 'Error: There is no tool "wether"; there are weather.',
    });

    const alone = await answering([], [calls(["weather", {}]), says("I cannot know")]);
    expect(wordsOf(alone.response.output)).toBe("I cannot know");
    expect(alone.model.read(1).at(-1)).toMatchObject({
      output: 'Error: There is no tool "weather"; there are none.',
    });
  });

  it("goes with a call of the client's in one turn: that one is pending, and the model hears of both", async () => {
    const { response, shown, model, vr } = await answering(
      [weather],
      [calls(["wether", {}], ["weather", {}]), says("sun")],
    );
    expect(model.requests).toHaveLength(1);
    expect(shown).toMatchObject([
      { type: "mcp_call", name: "wether", status: "failed" },
      { type: "function_call", name: "weather", status: "completed" },
    ]);
    await vr.stream({
      previous_response_id: response.id,
      tools: [weather],
      input: [{ type: "function_call_output", call_id: "call_weather_1", output: "sun" }],
    });
    expect(model.read(1).slice(1)).toMatchObject([
      { type: "function_call", name: "wether" },
      { type: "function_call_output", output: expect.stringContaining("There is no tool") },
      { type: "function_call", name: "weather" },
      { type: "function_call_output", output: "sun" },
    ]);
  });

  it("is told in later responses as it was told in this one", async () => {
    const { model, vr, response } = await answering(
      [docs],
      [calls(["find_it", {}]), says("no"), says("never")],
    );
    await vr.stream({ previous_response_id: response.id, tools: [docs], input: "and?" });
    const told = (n: number) =>
      model
        .read(n)
        .flatMap((item) =>
          item.type === "function_call"
            ? [item.name]
            : item.type === "function_call_output"
              ? [item.output]
              : [],
        );
    expect(told(2)).toEqual(told(1));
  });

  it("runs no tool of a later turn by itself: the turns have their limit", async () => {
    const lost = Array.from({ length: 9 }, () => calls(["find_it", {}]));
    const model = scripted(...lost);
    const vr = await startInProcess({ plugins: servers(model).plugins, limits: { maxTurns: 3 } });
    const { response } = await vr.stream({ tools: [docs] });
    expect(response.status).toBe("completed");
    expect(model.requests).toHaveLength(3);
    expect(model.requests[2]?.tools).toEqual([]);
    expect(response.output.slice(1).map((item) => "status" in item && item.status)).toEqual([
      "failed",
      "failed",
      "failed",
    ]);
  });

  it("does not count for max_tool_calls, and does not do for a forced choice", async () => {
    const { shown, model } = await answering(
      [docs],
      [calls(["find_it", {}]), calls(["docs__search", {}]), says("found")],
      { max_tool_calls: 1, tool_choice: { type: "mcp", server_label: "docs", name: "search" } },
    );
    expect(shown[1]).toMatchObject({ name: "search", status: "completed" });
    expect(model.requests.map(({ toolChoice }) => toolChoice.mode)).toEqual(["required", "required", "auto"]);
  });

  it("is no question for onToolCall, and none for the client", async () => {
    for (const asks of [true, false]) {
      const seen: string[] = [];
      const { plugins } = servers(scripted(calls(["find_it", {}]), says("no")), (hooks) =>
        hooks.onToolCall.tap({ asks }, ({ name }) => {
          seen.push(name);
          return { kind: "needs_approval" };
        }),
      );
      const vr = await startInProcess({ plugins });
      const { response } = await vr.stream({ tools: [docs] });
      expect(seen).toEqual([]);
      expect(response.output.map(({ type }) => type)).toEqual(["mcp_list_tools", "mcp_call", "message"]);
    }
  });

  it("leaves no item open when the model is cut off in it", async () => {
    for (const reason of ["length", "content_filter"] as const) {
      const { response, shown } = await answering(
        [docs],
        [[begin("find_it"), args(0, '{"q'), finish(reason)]],
      );
      expect(response.status).toBe("incomplete");
      expect(shown).toMatchObject([{ type: "mcp_call", name: "find_it", status: "incomplete" }]);
    }
    const { response, shown } = await answering(
      [docs],
      [[text("hm"), begin("find_it"), new Error("broken")]],
    ).catch(() => ({ response: { status: "failed" }, shown: [] }));
    expect(response.status).toBe("failed");
    for (const item of shown) expect("status" in item && item.status).not.toBe("in_progress");
  });

  it("is told to model servers under a name that they take, whatever was written", async () => {
    for (const [written, name] of [
      ["find it!", "find_it_"],
      ["файл", "____"],
      ["a".repeat(5_000), "a".repeat(64)],
      ["<|channel|>", "unknown"],
      ["../../etc", "______etc"],
    ] as const) {
      const { model } = await answering([docs], [calls([written, {}]), says("no")]);
      const told = callIn(model.read(1));
      expect(told?.name).toBe(name);
      const said = String(callIn(model.read(1), "function_call_output")?.output);
      expect(said.length).toBeLessThan(200);
    }
  });

  it("names a hundred tools at most", async () => {
    const many = Array.from({ length: 150 }, (_, i) => ({ type: "function", name: `f${i}`, parameters: {} }));
    const { model } = await answering(many, [calls(["find_it", {}]), says("no")]);
    const said = String(callIn(model.read(1), "function_call_output")?.output);
    expect(said).toContain("f98, f99 and 50 more.");
    expect(said).not.toContain("f100");
  });

  it("names only what a tap has left in the request", async () => {
    const model = scripted(calls(["find_it", {}]), says("no"));
    const { plugins } = servers(model, (hooks) =>
      hooks.beforeUpstream.tap((request) => ({
        ...request,
        tools: request.tools.filter(({ name }) => name !== "docs__read"),
      })),
    );
    const vr = await startInProcess({ plugins });
    await vr.stream({ tools: [docs] });
    expect(JSON.stringify(model.read(1))).toContain("there are docs__search.");
  });

  it.each([
    ["tool_choice is none", { tool_choice: "none" }, "none"],
    [
      "tool_choice allows others",
      {
        tool_choice: {
          type: "allowed_tools",
          mode: "auto",
          tools: [{ type: "mcp", server_label: "docs", name: "read" }],
        },
      },
      "docs__read",
    ],
  ])("of the gateway's own does not run where %s", async (_, choice, there) => {
    for (const name of ["docs__search", "search", "functions.docs__search"]) {
      const { ran, model } = await answering([docs], [calls([name, {}]), says("no")], choice);
      expect(ran).toEqual([]);
      expect(model.read(1).at(-1)).toMatchObject({
        output: `Error: There is no tool "${name}"; there are ${there}.`,
      });
    }
  });

  it("of the gateway's own does not run where a tap has taken the tool away", async () => {
    const { ran, plugins } = servers(scripted(calls(["docs__search", {}]), says("no")), (hooks) =>
      hooks.beforeUpstream.tap((request) => ({
        ...request,
        tools: request.tools.filter(({ name }) => name !== "docs__search"),
      })),
    );
    const vr = await startInProcess({ plugins });
    expect(wordsOf((await vr.stream({ tools: [docs] })).response.output)).toBe("no");
    expect(ran).toEqual([]);
  });

  it("is the client's where a tap has offered it", async () => {
    const { plugins } = servers(scripted(calls(["extra", {}])), (hooks) =>
      hooks.beforeUpstream.tap((request) => ({
        ...request,
        tools: [...request.tools, { name: "extra", parameters: {} }],
      })),
    );
    const vr = await startInProcess({ plugins });
    expect((await vr.stream()).response.output).toMatchObject([{ type: "function_call", name: "extra" }]);
  });
});

describe("a name that is written in another way", () => {
  const known: [written: string, tools: object[], ran: string][] = [
    ["search", [docs], "docs search"],
    ["docs__search<|channel|>commentary", [docs], "docs search"],
    ["docs__search<|constrain|>json", [docs], "docs search"],
    ["search<|channel|>analysis", [docs], "docs search"],
    ["functions.docs__search", [docs], "docs search"],
    [" docs__search ", [docs], "docs search"],
  ];
  it.each(known)("%j is understood", async (written, tools, name) => {
    const { ran, shown, model } = await answering(tools, [calls([written, { q: 1 }]), says("found")]);
    expect(ran).toEqual([[name, { q: 1 }]]);
    expect(shown[0]).toMatchObject({
      type: "mcp_call",
      server_label: "docs",
      name: "search",
      status: "completed",
    });
    expect(callIn(model.read(1))?.name).toBe("docs__search");
  });

  it("is a function of the client's too, which sees its own name", async () => {
    const { shown, events } = await answering([weather], [calls(["weather<|channel|>commentary", {}])]);
    expect(shown).toMatchObject([{ type: "function_call", name: "weather", status: "completed" }]);
    for (const event of events)
      if (event.type === "response.output_item.added") expect(event.item).toMatchObject({ name: "weather" });
  });

  it("is not guessed where two servers have the tool, nor taken from a function of the client's", async () => {
    const files = { ...docs, server_label: "files" };
    const two = await answering([docs, files], [calls(["read", {}]), says("which?")]);
    expect(two.ran).toEqual([]);
    expect(two.shown[0]).toMatchObject({ name: "read", status: "failed" });

    const search = { type: "function", name: "search", parameters: {} };
    const own = await answering([docs, search], [calls(["search", {}])]);
    expect(own.shown).toMatchObject([{ type: "function_call", name: "search" }]);
    expect(own.ran).toEqual([]);
  });

  it("needs the same approval as the name that was offered", async () => {
    const { ran, shown } = await answering(
      [{ ...docs, require_approval: "always" }],
      [[...call("search<|channel|>commentary", { q: 1 }), finish("tool_calls")] as ModelChunk[]],
    );
    expect(ran).toEqual([]);
    expect(shown).toMatchObject([{ type: "mcp_approval_request", server_label: "docs", name: "search" }]);
  });
});
