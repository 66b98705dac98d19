import { describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { type InProcess, startInProcess } from "../../helpers/in-process.ts";
import { callsOdd, entry, odd } from "../../helpers/mcp/odd.ts";
import { type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";

const SECRET = "s3cr3t-t0k3n-of-the-odd-server";
const withSecret = (...args: string[]) => ({ ...odd(...args), env: { ODD_TOKEN: SECRET } });

type McpOptions = NonNullable<Parameters<typeof mcp>[0]>;

async function start(turns: readonly ScriptedTurn[], server = odd(), options: McpOptions = {}) {
  const model = scripted(...turns);
  const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: server }, ...options })] });
  return { vr, model };
}

const servers = async (vr: InProcess) => {
  const body = (await (await fetch(`${vr.url}/v1/mcp/servers`)).json()) as {
    data: Record<string, unknown>[];
  };
  return body.data;
};
const statusBecomes = (vr: InProcess, status: string) =>
  expect.poll(async () => (await servers(vr))[0]?.status, { timeout: 5_000 }).toBe(status);
const callsOf = ({ response }: { response: { output: readonly { type: string }[] } }) =>
  response.output.filter(({ type }) => type === "mcp_call");

describe("a server that is slow to start", () => {
  it("does not hold up the gateway, and a request that names it waits for it", async () => {
    const { vr } = await start([callsOdd(["echo", { text: "late" }]), says("done")], odd("--slow", "400"));
    expect((await servers(vr))[0]).toEqual({ server_label: "odd", transport: "stdio", status: "connecting" });
    expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([{ output: "late" }]);
  });

  it("is not waited for without end", async () => {
    const { vr } = await start([says("without it")], odd("--slow", "60000"), { waitMs: 100 });
    const { response } = await vr.stream({ tools: [entry()] });
    expect(response.output).toMatchObject([
      { type: "mcp_list_tools", tools: [], error: 'The MCP server "odd" has not answered within 100 ms.' },
      { type: "message" },
    ]);
  });

  it("counts as unavailable after its time to connect", async () => {
    const { vr } = await start([], odd("--slow", "60000"), { connectTimeoutMs: 150 });
    await statusBecomes(vr, "unavailable");
    expect((await servers(vr))[0]).toMatchObject({ error: "it has not answered within 150 ms" });
  });
});

describe("a server that is dead at boot", () => {
  const dead = { ...odd(), command: "/nowhere/to-be-found" };

  it("fails its list with the reason, and the response goes on", async () => {
    const { vr } = await start([says("without it")], dead);
    const { response, types, headers } = await vr.stream({ tools: [entry()] });
    expect(response.status).toBe("completed");
    expect(types).toContain("response.mcp_list_tools.failed");
    expect(response.output[0]).toMatchObject({ error: expect.stringContaining("ENOENT") });
    expect(headers.get("x-vr-warning")).toContain('"odd" is unavailable');
  });

  it.each([
    ["a tool of it", { type: "mcp", server_label: "odd", name: "echo" }],
    ["it", { type: "mcp", server_label: "odd" }],
    ["any tool, and there is no other", "required"],
  ])("gives 424 when the request forces %s", async (_, tool_choice) => {
    const { vr } = await start([], dead);
    const { status, error } = await vr.stream({ tools: [entry()], tool_choice });
    expect(status).toBe(424);
    expect(error).toMatchObject({ type: "external_connector_error", param: "tools[0].server_label" });
    expect(error.message).toContain("ENOENT");
  });

  it("gives 424 when the request approves a call of it, unless that has run", async () => {
    const { vr } = await start([says("without it")], dead);
    const request = { type: "mcp_approval_request", id: "mcpr_1", server_label: "odd", name: "pid" };
    const approved = [
      { ...request, arguments: "{}" },
      { type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true },
    ];
    const { status, error } = await vr.post({ tools: [entry()], input: approved });
    expect(status).toBe(424);
    expect(error.message).toContain("ENOENT");
    const ran = { type: "mcp_call", id: "mcp_1", server_label: "odd", name: "pid", output: "7" };
    const input = [...approved, { ...ran, arguments: "{}", approval_request_id: "mcpr_1" }];
    expect((await vr.post({ tools: [entry()], input })).status).toBe(200);
  });

  it("does not make the gateway unready", async () => {
    const { vr } = await start([], dead);
    await statusBecomes(vr, "unavailable");
    const ready = await fetch(`${vr.url}/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ dependencies: { "mcp:odd": { ok: false } } });
    const tools = await fetch(`${vr.url}/v1/mcp/servers/odd/tools`);
    expect(tools.status).toBe(503);
    expect(await tools.json()).toMatchObject({ error: { code: "mcp_server_unavailable" } });
  });

  it("is tried again and again", async () => {
    const { vr } = await start([], dead, { reconnectMinMs: 10, reconnectMaxMs: 40 });
    const downs = () => vr.log.filter(({ message }) => message === "an MCP server is unavailable").length;
    await expect.poll(downs, { timeout: 5_000 }).toBeGreaterThan(4);
  });
});

describe("a server that dies in a call", () => {
  it("fails that call, and is there again for the next", async () => {
    const { vr } = await start([callsOdd(["dies"]), callsOdd(["echo", { text: "back" }]), says("done")]);
    const calls = callsOf(await vr.stream({ tools: [entry()] }));
    expect(calls).toMatchObject([
      {
        status: "failed",
        error: { type: "mcp_protocol_error", code: -32_000, message: "The server ended with code 7" },
      },
      { status: "completed", output: "back" },
    ]);
  });

  it("fails the calls beside it too, each with its item", async () => {
    const { vr } = await start([callsOdd(["hangs"], ["hangs"], ["dies"]), says("done")]);
    const calls = callsOf(await vr.stream({ tools: [entry()] }));
    expect(calls).toHaveLength(3);
    for (const call of calls) expect(call).toMatchObject({ status: "failed" });
  });
});

it("a result that is too large fails its call and nothing else", async () => {
  const { vr } = await start(
    [callsOdd(["pid"], ["big", { bytes: 50 * 1024 * 1024 }]), callsOdd(["pid"]), says("done")],
    odd(),
    { messageBytes: 1024 * 1024 },
  );
  const [first, big, second] = callsOf(await vr.stream({ tools: [entry()] })) as { output?: string }[];
  expect(big).toMatchObject({
    status: "failed",
    error: { type: "mcp_protocol_error", message: "The server's answer is larger than 1048576 bytes." },
  });
  expect(second?.output).toBe(first?.output);
});

it("lines that are no messages are passed over", async () => {
  const { vr } = await start([callsOdd(["garbage"]), says("done")]);
  expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([{ output: "all the same" }]);
});

describe("a call without an end", () => {
  it("fails after its time", async () => {
    const { vr } = await start([callsOdd(["hangs"]), callsOdd(["cancelled"]), says("done")], odd(), {
      callTimeoutMs: 100,
    });
    const calls = callsOf(await vr.stream({ tools: [entry()] }));
    expect(calls[0]).toMatchObject({
      error: { type: "mcp_protocol_error", code: -32_001, message: "Request timed out" },
    });
    expect(JSON.parse((calls[1] as unknown as { output: string }).output)).toHaveLength(1);
  });

  it("lasts as long as the server tells of progress", async () => {
    const { vr } = await start([callsOdd(["progresses", { times: 6 }]), says("done")], odd(), {
      callTimeoutMs: 200,
    });
    expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([{ output: "there at last" }]);
  });

  it("is cancelled when the client leaves", async () => {
    const { vr } = await start([callsOdd(["hangs"])]);
    const said = () => vr.log.map(({ fields }) => fields.said);
    const leaving = await vr.open({ tools: [entry()] });
    await leaving.until("response.mcp_call_arguments.done");
    await expect.poll(said).toContain("hanging");
    leaving.leave();
    await expect.poll(said).toContain("a call was cancelled");
  });
});

describe("secrets", () => {
  it("are not in the item of a call, nor in what the model reads", async () => {
    const { vr, model } = await start([callsOdd(["leaks"]), says("done")], withSecret());
    const { response } = await vr.stream({ tools: [entry()] });
    expect(callsOf({ response })).toMatchObject([{ error: { message: "the token [redacted] is wrong" } }]);
    expect(JSON.stringify([response, model.requests])).not.toContain(SECRET);
  });

  it("are not there in part, where a long line is cut in the midst of them", async () => {
    // Programs tell their whole environment in one line.
    const env = { ODD_TOKEN: "x".repeat(965), ODD_WORDS: `, ${SECRET}`, SECRET };
    const { vr } = await start([says("hi")], { ...odd("--dead"), env });
    const { response } = await vr.stream({ tools: [entry()] });
    const said = JSON.stringify([response, vr.log]);
    expect(said).toContain("cannot start with");
    expect(said).not.toContain(SECRET.slice(0, 6));
  });

  it("are in no log, no list and no answer when the server fails at its start", async () => {
    const { vr } = await start([says("hi")], withSecret("--dead"));
    const { response } = await vr.stream({ tools: [entry()] });
    const said = JSON.stringify([
      response,
      await servers(vr),
      await (await fetch(`${vr.url}/ready`)).json(),
      vr.log,
    ]);
    expect(said).toContain("cannot start with [redacted]");
    expect(said).not.toContain(SECRET);
  });
});
