import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { post } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { collectSse } from "../helpers/sse.ts";
import { expectValidResponse, expectValidStream } from "../wire/wire.ts";

const question = 'How many words are in "the quick brown fox"?';
const answer = [
  { type: "mcp_call", server_label: "word-count", name: "count_words", output: "4", status: "completed" },
  { type: "message", content: [{ type: "output_text", text: "The result is 4. (demo model)" }] },
];

describe("examples/custom-tool", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ config: "examples/custom-tool/vr.config.ts" });
  });
  afterAll(() => gateway?.stop());

  it("runs the tool for a client that does not know of it", async () => {
    const response = expectValidResponse(await (await post(gateway, { input: question })).json());
    expect(response).toMatchObject({ status: "completed", tools: [], output: answer });
    expect(response.output[0]).toMatchObject({ arguments: '{"text":"the quick brown fox"}', error: null });
  });

  it("shows the call as it happens on a stream", async () => {
    const events = await collectSse(await post(gateway, { input: question, stream: true }));
    expect(expectValidStream(events)).toMatchObject({ status: "completed", output: answer });
    const types = events.map(({ type }) => type).filter((type) => type.includes("mcp_call"));
    expect([...new Set(types)]).toEqual([
      "response.mcp_call.in_progress",
      "response.mcp_call_arguments.delta",
      "response.mcp_call_arguments.done",
      "response.mcp_call.completed",
    ]);
  });

  it("leaves it alone when the client forbids tools", async () => {
    const response = expectValidResponse(
      await (await post(gateway, { input: question, tool_choice: "none" })).json(),
    );
    expect(response.output.map(({ type }) => type)).toEqual(["message"]);
  });
});
