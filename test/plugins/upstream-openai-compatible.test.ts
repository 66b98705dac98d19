import { expect, it, onTestFinished } from "vitest";
import { describeUpstream } from "../contract/upstream.ts";
import { compatible } from "../helpers/families/compatible.ts";
import { createFamilyServer } from "../helpers/families/server.ts";
import { startInProcess } from "../helpers/in-process.ts";

describeUpstream(compatible);

it("a server that knows no schemas: the model is told of it in words, the client that it is no more", async () => {
  const server = await createFamilyServer(compatible);
  onTestFinished(() => server.close());
  const quirks = { structuredOutput: "json_object" } as const;
  const vr = await startInProcess({ plugins: [compatible.plugin({ baseUrl: server.url, quirks })] });
  const format = { type: "json_schema", name: "person", schema: { type: "object", properties: { age: {} } } };
  const answer = await vr.stream({ text: { format } });
  expect(answer.headers.get("x-vr-warning")).toContain("text.format");
  expect(server.requests[0]?.body.response_format).toEqual({ type: "json_object" });
  expect(server.requests[0]?.body.messages[0]).toEqual({
    role: "system",
    content: expect.stringMatching(/JSON Schema:\n\{"type":"object","properties":\{"age":\{\}\}\}$/),
  });
});
