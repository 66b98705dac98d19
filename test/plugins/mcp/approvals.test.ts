import { describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { callsOdd, entry, odd } from "../../helpers/mcp/odd.ts";
import { says, scripted } from "../../helpers/scripted.ts";

type Server = NonNullable<NonNullable<Parameters<typeof mcp>[0]>["servers"]>[string];

/** The model calls `echo`, which only reads, and `no_arguments`. Gives the names of those that wait for approval. */
async function waiting(require_approval?: unknown, server: Server = odd()) {
  const model = scripted(callsOdd(["echo", { text: "hi" }], ["no_arguments"]), says("done"));
  const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: server } })] });
  const { response } = await vr.post({ tools: [entry("odd", { require_approval })] });
  return response.output.flatMap((item) => (item.type === "mcp_approval_request" ? item.name : []));
}

describe("require_approval", () => {
  it.each([
    ["never", []],
    ["always", ["echo", "no_arguments"]],
    [{ always: { tool_names: ["no_arguments"] } }, ["no_arguments"]],
    [{ always: { read_only: false } }, ["no_arguments"]],
    [{ always: { tool_names: ["echo"] }, never: { tool_names: ["echo", "no_arguments"] } }, ["echo"]],
    [undefined, []],
    [null, []],
  ])("%j of the operator's server", async (approval, names) => {
    expect(await waiting(approval)).toEqual(names);
  });

  it.each([
    ["always" as const, undefined, ["echo", "no_arguments"]],
    [{ never: { read_only: true } }, undefined, ["no_arguments"]],
    ["always" as const, "never", []],
    ["always" as const, { never: { tool_names: ["echo"] } }, ["no_arguments"]],
    ["always" as const, { never: {} }, ["echo", "no_arguments"]],
  ])("with %j configured, and %j in the request", async (approval, wanted, names) => {
    expect(await waiting(wanted, { ...odd(), approval })).toEqual(names);
  });
});

it("parallel calls are approved and denied each by its own id", async () => {
  const model = scripted(
    callsOdd(["echo", { text: "one" }], ["echo", { text: "two" }], ["echo", { text: "three" }]),
    says("done"),
  );
  const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: odd() } })] });
  const tools = [entry("odd", { require_approval: "always" })];
  const asked = await vr.stream({ tools });
  const requests = asked.response.output.filter((item) => item.type === "mcp_approval_request");
  expect(requests.map((item) => item.arguments)).toEqual([
    '{"text":"one"}',
    '{"text":"two"}',
    '{"text":"three"}',
  ]);
  const answers = requests.map(({ id }, i) => ({
    type: "mcp_approval_response",
    approval_request_id: id,
    approve: i !== 1,
    ...(i === 1 && { reason: "not two" }),
  }));
  const { response } = await vr.stream({
    tools,
    previous_response_id: asked.response.id,
    input: answers.reverse(),
  });
  const calls = response.output.filter((item) => item.type === "mcp_call");
  expect(calls.map(({ output, approval_request_id }) => [output, approval_request_id])).toEqual([
    ["three", requests[2]?.id],
    ["one", requests[0]?.id],
  ]);
  expect(response.output.map(({ type }) => type)).not.toContain("mcp_list_tools");
  expect(model.read(1)).toContainEqual(
    expect.objectContaining({ type: "function_call_output", output: "The user denied this call: not two." }),
  );
});
