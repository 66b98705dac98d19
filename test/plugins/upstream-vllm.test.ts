import { describe, expect, it } from "vitest";
import { describeUpstream } from "../contract/upstream.ts";
import { fixture } from "../helpers/chat-server.ts";
import { startFamily } from "../helpers/families/start.ts";
import { told } from "../helpers/families/told.ts";
import { vllm } from "../helpers/families/vllm.ts";

describeUpstream(vllm);

describe("vLLM", () => {
  it("without a reasoning parser: a thought that the chat template has opened ends at </think>", async () => {
    const { vr, server } = await startFamily(vllm, { quirks: { thinkTags: "opened" } });
    server.reply(fixture("vllm-opened-thought"), fixture("vllm-opened-thought", 5));
    for (let i = 0; i < 2; i += 1) {
      const { response } = await vr.stream();
      expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
      expect(told(response)).toEqual({ reasoning: "One and one is two.\n", text: "Two.", usage: [14, 16] });
    }
  });

  it.each([
    ["structured_outputs", { structured_outputs: { json: { type: "object" } } }],
    ["guided_json", { guided_json: { type: "object" } }],
  ] as const)("holds to a schema by its own field, if the quirk says so: %s", async (form, expected) => {
    const { vr, server } = await startFamily(vllm, { quirks: { structuredOutput: form } });
    await vr.post({ text: { format: { type: "json_schema", name: "thing", schema: { type: "object" } } } });
    expect(server.requests[0]?.body).toMatchObject(expected);
    expect(server.requests[0]?.body).not.toHaveProperty("response_format");
  });

  it("an old one gets reasoning back under its old name", async () => {
    const { vr, server } = await startFamily(vllm, { quirks: { reasoningField: "reasoning_content" } });
    const thought = {
      type: "reasoning",
      id: "rs_1",
      summary: [],
      content: [{ type: "reasoning_text", text: "hm" }],
    };
    const call = { type: "function_call", call_id: "call_0", name: "clock", arguments: "{}" };
    const output = { type: "function_call_output", call_id: "call_0", output: "noon" };
    await vr.post({ input: [thought, call, output] });
    expect(server.requests[0]?.body.messages[0]).toMatchObject({ reasoning_content: "hm" });
  });
});
