import { expect, it } from "vitest";
import { describeUpstream } from "../contract/upstream.ts";
import { compatible } from "../helpers/families/compatible.ts";
import { startFamily } from "../helpers/families/start.ts";

describeUpstream(compatible);

it("a server that knows no schemas: the model is told of it in words, the client that it is no more", async () => {
  const { vr, server } = await startFamily(compatible, { quirks: { structuredOutput: "json_object" } });
  const schema = { type: "object", properties: { age: {} } };
  const answer = await vr.stream({ text: { format: { type: "json_schema", name: "person", schema } } });
  expect(answer.headers.get("x-vr-warning")).toContain("text.format");
  expect(server.requests[0]?.body.response_format).toEqual({ type: "json_object" });
  expect(server.requests[0]?.body.messages[0]).toEqual({
    role: "system",
    content: expect.stringMatching(/JSON Schema:\n\{"type":"object","properties":\{"age":\{\}\}\}$/),
  });
});

it("DeepSeek: every call goes back with reasoning, even if there was none", async () => {
  const deepseek = {
    ...compatible,
    rules: [
      ({ messages }: { messages: object[] }) =>
        messages.some((message) => "tool_calls" in message && !("reasoning_content" in message))
          ? "The `reasoning_content` in the thinking mode must be passed back to the API."
          : undefined,
    ],
  };
  const { vr, server } = await startFamily(deepseek, { quirks: { emptyReasoning: true } });
  const call = { type: "function_call", call_id: "call_0", name: "clock", arguments: "{}" };
  const output = { type: "function_call_output", call_id: "call_0", output: "noon" };
  expect((await vr.post({ input: [call, output] })).response.status).toBe("completed");
  expect(server.refused).toEqual([]);
});
