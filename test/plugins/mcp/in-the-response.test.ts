import { describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { call, finish } from "../../helpers/chunks.ts";
import { type InProcess, startInProcess } from "../../helpers/in-process.ts";
import { callsOdd, entry, odd } from "../../helpers/mcp/odd.ts";
import { type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";

type McpOptions = Parameters<typeof mcp>[0];

const start = async (turns: readonly ScriptedTurn[], options: McpOptions = { servers: { odd: odd() } }) => {
  const model = scripted(...turns);
  const vr = await startInProcess({ plugins: [model, mcp(options)] });
  return { model, vr, offered: (n = 0) => model.requests[n]?.tools.map(({ name }) => name) ?? [] };
};
const typesOf = ({ output }: Awaited<ReturnType<InProcess["post"]>>["response"]) =>
  output.map(({ type }) => type);

describe("the list of a server's tools", () => {
  it("opens the first response of a conversation, and is not repeated", async () => {
    const { vr, offered } = await start([says("one"), says("two"), says("three")]);
    const first = await vr.stream({ tools: [entry()] });
    expect(first.types.slice(2, 6)).toEqual([
      "response.output_item.added",
      "response.mcp_list_tools.in_progress",
      "response.mcp_list_tools.completed",
      "response.output_item.done",
    ]);
    expect(typesOf(first.response)).toEqual(["mcp_list_tools", "message"]);
    const second = await vr.stream({ tools: [entry()], previous_response_id: first.response.id });
    expect(typesOf(second.response)).toEqual(["message"]);
    expect(offered(1)).toEqual(offered(0));
    const third = await vr.post({ tools: [entry()], previous_response_id: second.response.id });
    expect(typesOf(third.response)).toEqual(["message"]);
  });

  it("leaves out what a server does not say: clients refuse null there", async () => {
    const { vr } = await start([says("hi")]);
    const { response } = await vr.post({
      tools: [entry("odd", { allowed_tools: ["echo", "no_arguments"] })],
    });
    expect(response.output[0]).toEqual({
      type: "mcp_list_tools",
      id: expect.stringMatching(/^mcpl_/),
      server_label: "odd",
      tools: [
        {
          name: "echo",
          description: "Says it again.",
          input_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
          annotations: { readOnlyHint: true },
        },
        { name: "no_arguments", input_schema: { type: "object" } },
      ],
    });
  });

  it("leaves out a tool whose schema is deeper than requests may be: the conversation could not go on", async () => {
    const { vr } = await start([says("a"), says("b")], { servers: { odd: odd("--deep", "2000") } });
    const { response } = await vr.post({ tools: [entry()] });
    const names = response.output.flatMap((item) =>
      item.type === "mcp_list_tools" ? item.tools.map(({ name }) => name) : [],
    );
    expect(names).toContain("echo");
    expect(names).not.toContain("deep");
    const next = await vr.post({ tools: [entry()], previous_response_id: response.id });
    expect(typesOf(next.response)).toEqual(["message"]);
  });

  it("is read page by page", async () => {
    const { vr, offered } = await start([says("hi")], { servers: { odd: odd("--pages", "3") } });
    await vr.post({ tools: [entry()] });
    expect(offered().length).toBeGreaterThan(20);
  });

  it("is given again when the server has changed its tools in between", async () => {
    const { vr, offered } = await start([callsOdd(["changes"]), says("changed"), says("seen")]);
    const first = await vr.post({ tools: [entry()] });
    const tools = async () =>
      ((await (await fetch(`${vr.url}/v1/mcp/servers/odd/tools`)).json()) as { data: { name: string }[] })
        .data;
    await expect.poll(async () => (await tools()).some(({ name }) => name === "newcomer")).toBe(true);
    const second = await vr.post({ tools: [entry()], previous_response_id: first.response.id });
    expect(typesOf(second.response)).toEqual(["mcp_list_tools", "message"]);
    expect(offered(2)).toContain("odd__newcomer");
    expect(offered(2)).not.toContain("odd__echo");
  });
});

describe("allowed_tools", () => {
  it.each([
    ["a list", ["echo", "fails"], ["odd__echo", "odd__fails"]],
    ["names", { tool_names: ["fails"] }, ["odd__fails"]],
    ["what only reads", { read_only: true }, ["odd__echo"]],
    ["nothing that is said", {}, undefined],
    ["both", { tool_names: ["fails"], read_only: true }, []],
  ])("takes %s", async (_, allowed_tools, names) => {
    const { vr, offered } = await start([says("hi")]);
    await vr.post({ tools: [entry("odd", { allowed_tools })] });
    if (names) expect(offered()).toEqual(names);
    else expect(offered().length).toBeGreaterThan(20);
  });

  it("warns of a name that no tool has", async () => {
    const { vr } = await start([says("hi")]);
    const { headers } = await vr.post({ tools: [entry("odd", { allowed_tools: ["echoo"] })] });
    expect(headers.get("x-vr-warning")).toContain('"echoo"');
  });
});

describe("names for the model", () => {
  it("match what model servers take, and end in the tool's own name", async () => {
    const label = "a-label-that-is-long-but-not-so-long-that-nothing-else-fits";
    const { vr, offered } = await start([says("hi")], { servers: { [label]: odd() } });
    await vr.post({
      tools: [entry(label, { allowed_tools: ["echo", "no_arguments", "odd.name/with spaces"] })],
    });
    for (const name of offered()) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(offered()[0]).toMatch(/__echo$/);
    expect(offered()[1]).toMatch(/__odd_name_with_spaces$/);
    expect(offered()[2]).toMatch(/__no_arguments$/);
  });

  it("are mapped back", async () => {
    const { vr, model } = await start([
      (request) => [[...call(request.tools[0]?.name ?? "", {}), finish("tool_calls")]],
      says("done"),
    ]);
    const { response } = await vr.stream({
      tools: [entry("odd", { allowed_tools: ["odd.name/with spaces"] })],
    });
    expect(response.output[1]).toMatchObject({
      type: "mcp_call",
      name: "odd.name/with spaces",
      output: "odd",
    });
    expect(model.requests).toHaveLength(2);
  });

  it("do not collide with the request's own functions, nor with other servers'", async () => {
    const { vr, offered } = await start([says("hi")], {
      servers: { odd: odd(), odd__x: odd(), odd_: odd() },
    });
    const own = { type: "function", name: "odd__echo", parameters: { type: "object" } };
    const only = { allowed_tools: ["echo"] };
    await vr.post({ tools: [own, entry("odd", only), entry("odd__x", only), entry("odd_", only)] });
    expect(offered()[0]).toBe("odd__echo");
    expect(new Set(offered()).size).toBe(4);
    for (const name of offered()) expect(name).toMatch(/__echo$/);
  });

  it("are the same when an earlier call is told again", async () => {
    const { vr, model } = await start([callsOdd(["echo", { text: "hi" }]), says("one"), says("two")]);
    const { response } = await vr.post({ tools: [entry()] });
    await vr.post({ tools: [entry()], previous_response_id: response.id });
    expect(model.read(2)).toContainEqual(
      expect.objectContaining({ type: "function_call", name: "odd__echo" }),
    );
  });
});

it.each(["odd", "elsewhere"])(
  "an error that a client has as a text is told as it is: of %s",
  async (label) => {
    const { vr, model } = await start([says("oh")]);
    const failed = {
      type: "mcp_call",
      id: "mcp_1",
      server_label: label,
      name: "echo",
      arguments: "{}",
      error: "no paper",
    };
    await vr.post({ tools: [entry()], input: [failed, { role: "user", content: "and?" }] });
    expect(model.read(0)[1]).toMatchObject({ type: "function_call_output", output: "Error: no paper" });
  },
);

describe("tool_choice", () => {
  it("forces one tool, or one of a server's", async () => {
    const { vr, model } = await start([says("a"), says("b")], { servers: { odd: odd(), other: odd() } });
    const tools = [entry("odd"), entry("other", { allowed_tools: ["echo", "fails"] })];
    await vr.post({ tools, tool_choice: { type: "mcp", server_label: "odd", name: "echo" } });
    expect(model.requests[0]?.toolChoice).toEqual({ mode: "required", names: ["odd__echo"] });
    await vr.post({ tools, tool_choice: { type: "mcp", server_label: "other" } });
    expect(model.requests[1]?.toolChoice).toEqual({
      mode: "required",
      names: ["other__echo", "other__fails"],
    });
  });

  it("of a tool that the server does not have is a 400", async () => {
    const { vr } = await start([]);
    const tool_choice = { type: "mcp", server_label: "odd", name: "nothing" };
    expect((await vr.post({ tools: [entry()], tool_choice })).error).toMatchObject({ param: "tool_choice" });
  });
});

describe("an entry", () => {
  it.each([
    [{ server_label: "with spaces" }, "server_label"],
    [{ connector_id: "connector_gmail" }, "connector_id"],
    [{ tunnel_id: "t" }, "tunnel_id"],
    [{ allowed_tools: 5 }, "allowed_tools"],
    [{ require_approval: "sometimes" }, "require_approval"],
    [{ authorization: "token" }, "authorization"],
    [{ headers: { "x-key": "1" } }, "headers"],
    [{ server_url: "nonsense" }, "server_url"],
    [{ server_url: "https://user:password@example.com/mcp" }, "server_url"],
    [{ server_url: "https://example.com/mcp", authorization: "a\nb" }, "authorization"],
    [{ server_url: "https://example.com/mcp", headers: { "bad name": "x" } }, "headers"],
    [{ server_url: "https://example.com/mcp", headers: { "Content-Length": "5" } }, "headers"],
    [{ server_url: "https://example.com/mcp", headers: { "transfer-encoding": "chunked" } }, "headers"],
  ])("%j is refused by its key", async (more, key) => {
    const { vr } = await start([]);
    const { status, error } = await vr.post({ tools: [entry("odd", more)] });
    expect(status).toBe(400);
    expect(error).toMatchObject({ type: "invalid_request_error", param: `tools[0].${key}` });
  });

  it.each([
    [{ allowed_tools: "echo" }, "expected a list of names"],
    [{ allowed_tools: { tool_name: ["echo"] } }, '"tool_name"'],
    [{ require_approval: "sometimes" }, 'expected "always", "never"'],
    [{ require_approval: { always: null } }, "{always: filter, never: filter}"],
    [{ server_label: 5 }, 'Invalid "server_label": expected a string, got 5'],
  ])("%j is refused with what would be right", async (more, words) => {
    const { vr } = await start([]);
    const { error } = await vr.post({ tools: [entry("odd", more)] });
    expect(error.message).toContain(words);
  });

  it.each([
    ["many", Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, "1"]))],
    ["long", { "x-key": "1".repeat(20_000) }],
  ])("is refused with too %s headers", async (_, headers) => {
    const { vr } = await start([]);
    const tools = [entry("odd", { server_url: "https://example.com/mcp", headers })];
    expect((await vr.post({ tools })).error).toMatchObject({ param: "tools[0].headers" });
  });

  it("means the operator's server with an empty server_url too: the AI SDK sends none without", async () => {
    const { vr, offered } = await start([callsOdd(["echo", { text: "hi" }]), says("done"), says("more")]);
    const tools = [entry("odd", { server_url: "" })];
    const { response } = await vr.post({ tools });
    expect(typesOf(response)).toEqual(["mcp_list_tools", "mcp_call", "message"]);
    expect(response.tools).toEqual([{ type: "mcp", server_label: "odd" }]);
    await vr.post({ tools, previous_response_id: response.id });
    expect(offered(2)).toEqual(offered(0));
    const { error } = await vr.post({ tools: [entry("odd", { server_url: "", authorization: "token" })] });
    expect(error).toMatchObject({ param: "tools[0].authorization" });
  });

  it("may not name a server twice", async () => {
    const { vr } = await start([]);
    const { error } = await vr.post({ tools: [entry(), entry()] });
    expect(error).toMatchObject({ param: "tools[1].server_label" });
  });

  it("may describe its server, and ask for what is not needed here", async () => {
    const { vr, model } = await start([says("hi")]);
    const { response } = await vr.post({
      tools: [entry("odd", { server_description: "Knows odd things.", defer_loading: true })],
    });
    expect(response.status).toBe("completed");
    expect(model.requests[0]?.tools[0]?.description).toContain("Knows odd things.");
  });
});
