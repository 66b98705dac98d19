import { describe, expect, it } from "vitest";
import type { OutputItem } from "../../core/protocol/wire.ts";
import { codeInterpreter } from "../../plugins/code-interpreter/index.ts";
import { plugin, wordsOf } from "../helpers/both-ways.ts";
import { args, begin, call, finish, text } from "../helpers/chunks.ts";
import { fakeRuntime } from "../helpers/fake-runtime.ts";
import { type InProcess, startInProcess } from "../helpers/in-process.ts";
import { mcp } from "../helpers/plugins/mcp.ts";
import { calls, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

const files = { type: "mcp", server_label: "files", require_approval: "always" };
const safe = { type: "mcp", server_label: "safe", require_approval: "never" };
const weather = { type: "function", name: "weather", parameters: {} };

/** A gateway with an MCP server whose tools need approval and one whose tools do not. */
async function asking(...turns: ScriptedTurn[]) {
  const ran: unknown[] = [];
  const model = scripted(...turns);
  const vr = await startInProcess({
    plugins: [
      model,
      mcp({
        files: {
          remove: ({ path }) => {
            ran.push(path);
            return { kind: "output", output: `removed ${path}` };
          },
        },
        safe: { look: () => ({ kind: "output", output: "seen" }) },
      }),
    ],
  });
  return { vr, model, ran };
}

const requestsIn = (output: readonly OutputItem[]) =>
  output.flatMap((item) => (item.type === "mcp_approval_request" ? [item] : []));

const answer = (id: string, approve: boolean, reason?: string) => ({
  type: "mcp_approval_response",
  approval_request_id: id,
  approve,
  ...(reason ? { reason } : {}),
});

const follow = (vr: InProcess, previous_response_id: string, ...input: unknown[]) =>
  vr.stream({ previous_response_id, tools: [files], input });

describe("a call that needs approval", () => {
  const removal = calls(["files__remove", { path: "/a" }]);

  it("does not run: the response completes with a question", async () => {
    const { vr, ran, model } = await asking(removal);
    const { response, types } = await vr.stream({ tools: [files] });
    expect(ran).toEqual([]);
    expect(model.requests).toHaveLength(1);
    expect(response.status).toBe("completed");
    expect(response.output.at(-1)).toEqual({
      type: "mcp_approval_request",
      id: expect.stringMatching(/^mcpr_/),
      server_label: "files",
      name: "remove",
      arguments: '{"path":"/a"}',
    });
    expect(types.slice(-3)).toEqual([
      "response.output_item.added",
      "response.output_item.done",
      "response.completed",
    ]);
  });

  it("asks in the same way unstreamed", async () => {
    const { vr } = await asking(removal);
    const { response } = await vr.post({ tools: [files] });
    expect(requestsIn(response.output)).toMatchObject([{ name: "remove" }]);
  });

  it("stands after what else the turn brought, whatever came first", async () => {
    const { vr } = await asking([
      text("I shall"),
      ...call("files__remove", { path: "/a" }, 0),
      ...call("safe__look", {}, 1),
      ...call("weather", {}, 2),
      ...call("files__remove", { path: "/b" }, 3),
      finish("tool_calls"),
    ]);
    const { response } = await vr.stream({ tools: [files, safe, weather] });
    expect(response.output.slice(2).map(({ type }) => type)).toEqual([
      "message",
      "mcp_call",
      "function_call",
      "mcp_approval_request",
      "mcp_approval_request",
    ]);
    expect(requestsIn(response.output).map((item) => item.arguments)).toEqual([
      '{"path":"/a"}',
      '{"path":"/b"}',
    ]);
    expect((await vr.get(response.id)).response.output).toEqual(response.output);
  });

  it("is not shown when the model was cut off in it, and leaves no gap", async () => {
    const { vr } = await asking([
      begin("files__remove", 0),
      args(0, '{"path":'),
      ...call("weather", {}, 1),
      finish("length"),
    ]);
    const { response } = await vr.stream({ tools: [files, weather] });
    expect(response.output.map(({ type }) => type)).toEqual(["mcp_list_tools", "function_call"]);
  });

  it("is told to the model as not approved when the client says something else instead", async () => {
    const { vr, model } = await asking(removal, says("fine"));
    const { response } = await vr.stream({ tools: [files] });
    await follow(vr, response.id, { role: "user", content: "never mind" });
    expect(model.read(1).slice(1, 3)).toMatchObject([
      { type: "function_call", name: "files__remove", arguments: '{"path":"/a"}' },
      { type: "function_call_output", output: "This call was not approved." },
    ]);
  });

  describe("approved", () => {
    it("runs first, shows as an mcp_call of that approval, and its output reaches the model", async () => {
      const { vr, model, ran } = await asking(removal, says("gone"));
      const asked = await vr.stream({ tools: [files] });
      const [request] = requestsIn(asked.response.output);
      const { response } = await follow(vr, asked.response.id, answer(request?.id ?? "", true));
      expect(ran).toEqual(["/a"]);
      expect(response.output.slice(1)).toMatchObject([
        {
          type: "mcp_call",
          name: "remove",
          arguments: '{"path":"/a"}',
          output: "removed /a",
          approval_request_id: request?.id,
        },
        { type: "message" },
      ]);
      const read = model.read(1).slice(1);
      expect(read).toMatchObject([
        { type: "function_call", name: "files__remove", arguments: '{"path":"/a"}' },
        { type: "function_call_output", output: "removed /a" },
      ]);
      expect((read[0] as { call_id: string }).call_id).toBe((read[1] as { call_id: string }).call_id);
    });

    it("is what a forced tool_choice wanted: the model is free to answer", async () => {
      const { vr, model } = await asking(removal, says("done"));
      const forced = { tools: [files], tool_choice: { type: "mcp", server_label: "files", name: "remove" } };
      const { response: asked } = await vr.stream(forced);
      const [request] = requestsIn(asked.output);
      const input = [answer(request?.id ?? "", true)];
      await vr.stream({ ...forced, previous_response_id: asked.id, input });
      expect(model.requests.map(({ toolChoice }) => toolChoice.mode)).toEqual(["required", "auto"]);
    });

    it("is in the history once, with its output", async () => {
      const { vr, model } = await asking(removal, says("gone"), says("again"));
      const asked = await vr.stream({ tools: [files] });
      const id = requestsIn(asked.response.output)[0]?.id ?? "";
      const { response } = await follow(vr, asked.response.id, answer(id, true));
      await follow(vr, response.id, { role: "user", content: "and?" });
      expect(model.read(2).map((item) => item.type ?? "message")).toEqual([
        "message",
        "function_call",
        "function_call_output",
        "message",
        "message",
      ]);
    });

    it("does not run again when the client sends the whole conversation back", async () => {
      const { vr, model, ran } = await asking(removal, says("gone"), says("still gone"));
      const asked = await vr.stream({ tools: [files] });
      const id = requestsIn(asked.response.output)[0]?.id ?? "";
      const { response } = await follow(vr, asked.response.id, answer(id, true));
      const reference = ({ id }: { id?: string }) => ({ type: "item_reference", id });
      const input = [
        { role: "user", content: "remove it" },
        ...asked.response.output.map(reference),
        answer(id, true),
        ...response.output.map(reference),
        { role: "user", content: "and?" },
      ];
      const last = await vr.stream({ tools: [files], input });
      expect(ran).toEqual(["/a"]);
      expect(last.response.output.map(({ type }) => type)).toEqual(["mcp_list_tools", "message"]);
      expect(model.read(2).map((item) => item.type ?? "message")).toEqual([
        "message",
        "function_call",
        "function_call_output",
        "message",
        "message",
      ]);
    });

    it("does not run again where its item cannot say by whose approval it ran", async () => {
      const model = scripted(calls(["python", { code: "1" }]), says("one"), says("still one"));
      const runtime = fakeRuntime();
      const vr = await startInProcess({
        plugins: [
          model,
          codeInterpreter({ runtime }),
          plugin("careful", ({ hooks }) =>
            hooks.onToolCall.tap({ asks: true }, () => ({ kind: "needs_approval" })),
          ),
        ],
      });
      const tools = [{ type: "code_interpreter" }];
      const input: unknown[] = [{ role: "user", content: "run it" }];
      const { response: asked } = await vr.stream({ tools, input, store: false });
      input.push(...asked.output, answer(requestsIn(asked.output)[0]?.id ?? "", true));
      const { response } = await vr.stream({ tools, input, store: false });
      expect(response.output.map(({ type }) => type)).toEqual(["code_interpreter_call", "message"]);
      input.push(...response.output, { role: "user", content: "and?" });
      const { response: last } = await vr.stream({ tools, input, store: false });
      expect(last.output.map(({ type }) => type)).toEqual(["message"]);
    });

    it("runs when the client sends the question back with its id named twice", async () => {
      const { vr, ran } = await asking(removal, says("gone"));
      const asked = await vr.stream({ tools: [files], store: false });
      const [request] = requestsIn(asked.response.output);
      const question = { ...request, approval_request_id: request?.id };
      const input = [{ role: "user", content: "remove it" }, question, answer(request?.id ?? "", true)];
      await vr.stream({ tools: [files], store: false, input });
      expect(ran).toEqual(["/a"]);
    });

    it("runs without another question, and without leave from the taps that asked for it", async () => {
      const ran: unknown[] = [];
      const vr = await startInProcess({
        plugins: [
          scripted(calls(["clock", { zone: "UTC" }]), says("noon")),
          plugin("clock", ({ tools }) =>
            tools.add({
              name: "clock",
              parameters: {},
              execute: (values) => {
                ran.push(values);
                return { kind: "output", output: "12" };
              },
            }),
          ),
          plugin("careful", ({ hooks }) => hooks.onToolCall.tap(() => ({ kind: "needs_approval" }))),
        ],
      });
      const asked = await vr.stream();
      expect(asked.response.output).toMatchObject([
        { type: "mcp_call", status: "incomplete", output: null },
        { type: "mcp_approval_request", server_label: "clock", name: "clock" },
      ]);
      expect(ran).toEqual([]);
      const id = requestsIn(asked.response.output)[0]?.id ?? "";
      const { response } = await vr.stream({
        previous_response_id: asked.response.id,
        input: [answer(id, true)],
      });
      expect(ran).toEqual([{ zone: "UTC" }]);
      expect(wordsOf(response.output)).toBe("noon");
    });

    it("can still be denied by a tap", async () => {
      const ran: unknown[] = [];
      const model = scripted(calls(["files__remove", {}]), says("no"));
      const vr = await startInProcess({
        plugins: [
          model,
          mcp({ files: { remove: () => ({ kind: "output", output: String(ran.push(1)) }) } }),
          plugin("strict", ({ hooks }) => hooks.onToolCall.tap(() => ({ kind: "deny", reason: "never" }))),
        ],
      });
      const asked = await vr.stream({ tools: [files] });
      await follow(vr, asked.response.id, answer(requestsIn(asked.response.output)[0]?.id ?? "", true));
      expect(ran).toEqual([]);
      expect(model.read(1).at(-1)).toMatchObject({ output: "Error: This call was denied: never" });
    });
  });

  it("denied is told to the model, with the reason, and does not run", async () => {
    const { vr, model, ran } = await asking(removal, says("as you like"));
    const { response } = await vr.stream({ tools: [files] });
    const id = requestsIn(response.output)[0]?.id ?? "";
    const { response: next } = await follow(vr, response.id, answer(id, false, "keep it"));
    expect(ran).toEqual([]);
    expect(next.output.map(({ type }) => type)).toEqual(["mcp_list_tools", "message"]);
    expect(model.read(1).slice(1)).toMatchObject([
      { type: "function_call", name: "files__remove" },
      { type: "function_call_output", output: "The user denied this call: keep it." },
    ]);
  });

  it("is not mixed up with another of the same turn", async () => {
    const { vr, model, ran } = await asking(
      calls(
        ["files__remove", { path: "/a" }],
        ["files__remove", { path: "/b" }],
        ["files__remove", { path: "/c" }],
      ),
      says("done"),
    );
    const { response } = await vr.stream({ tools: [files] });
    const [a, b, c] = requestsIn(response.output).map(({ id }) => id) as [string, string, string];
    await follow(vr, response.id, answer(c, true), answer(a, false), answer(b, true));
    expect(ran).toEqual(["/c", "/b"]);
    const told = new Map<string, unknown>();
    const read = model.read(1);
    for (const item of read) if (item.type === "function_call") told.set(item.call_id, item.arguments);
    const results = read.flatMap((item) =>
      item.type === "function_call_output" ? [[told.get(item.call_id ?? ""), item.output]] : [],
    );
    expect(new Map(results as [string, string][])).toEqual(
      new Map([
        ['{"path":"/a"}', "The user denied this call."],
        ['{"path":"/b"}', "removed /b"],
        ['{"path":"/c"}', "removed /c"],
      ]),
    );
  });

  describe("answered wrongly", () => {
    const refused = async (make: (id: string) => unknown[], tools: unknown[] = [files]) => {
      const { vr, ran } = await asking(removal);
      const { response } = await vr.stream({ tools: [files] });
      const id = requestsIn(response.output)[0]?.id ?? "";
      const { status, error } = await vr.stream({
        previous_response_id: response.id,
        tools,
        input: make(id),
      });
      expect(ran).toEqual([]);
      return { status, error, id };
    };

    it("is a 400 for an id that nobody asked about", async () => {
      const { status, error } = await refused(() => [answer("mcpr_0", true)]);
      expect(status).toBe(400);
      expect(error).toMatchObject({
        param: "input[0].approval_request_id",
        message: expect.stringContaining("mcpr_0"),
      });
    });

    it("is a 400 when it is answered twice at once", async () => {
      const { status, error } = await refused((id) => [answer(id, true), answer(id, true)]);
      expect(status).toBe(400);
      expect(error.message).toContain("answered before");
    });

    it("is a 400 when the tool is not among those of the request, even before anything is listed", async () => {
      for (const tools of [[], [safe]]) {
        const { status, error } = await refused((id) => [answer(id, true)], tools);
        expect(status).toBe(400);
        expect(error.param).toBe("input[0].approval_request_id");
      }
    });

    it("is a 400 when it was answered in an earlier response", async () => {
      const { vr, ran } = await asking(removal, says("gone"));
      const { response } = await vr.stream({ tools: [files] });
      const id = requestsIn(response.output)[0]?.id ?? "";
      const next = await follow(vr, response.id, answer(id, true));
      const again = await follow(vr, next.response.id, answer(id, true));
      expect(again.status).toBe(400);
      expect(ran).toEqual(["/a"]);
    });
  });
});
