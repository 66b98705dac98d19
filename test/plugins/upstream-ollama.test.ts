import { describe, expect, it } from "vitest";
import { TOOLS } from "../contract/in-front-of.ts";
import { describeUpstream } from "../contract/upstream.ts";
import { ollama } from "../helpers/families/ollama.ts";
import { startFamily } from "../helpers/families/start.ts";

describeUpstream(ollama);

describe("Ollama", () => {
  it("refuses a forced call before the server is asked, and says which parameter", async () => {
    const { vr, server } = await startFamily(ollama);
    const answer = await vr.stream({ tools: TOOLS, tool_choice: "required" });
    expect([answer.status, answer.error.param]).toEqual([400, "tool_choice"]);
    expect(server.requests).toEqual([]);
  });

  it("shows the model the forced tool alone, with a warning, if the quirk says so", async () => {
    const { vr, server } = await startFamily(ollama, { quirks: { parameters: { tool_choice: "drop" } } });
    const forced = { type: "function", name: "get_time" };
    const { headers } = await vr.stream({ tools: TOOLS, tool_choice: forced });
    expect(headers.get("x-vr-warning")).toContain("tool_choice");
    const { body } = server.requests[0] ?? {};
    expect(body.tools.map((tool: { function: { name: string } }) => tool.function.name)).toEqual([
      "get_time",
    ]);
    expect(body).not.toHaveProperty("tool_choice");
  });

  it('is shown no tools where none may be called: it ignores "none"', async () => {
    const { vr, server } = await startFamily(ollama);
    const answer = await vr.post({ tools: TOOLS, tool_choice: "none" });
    expect([answer.status, answer.headers.get("x-vr-warning")]).toEqual([200, null]);
    expect(server.requests[0]?.body).not.toHaveProperty("tools");
  });

  it("a remote image is refused clearly, wherever it is", async () => {
    const { vr, server } = await startFamily(ollama);
    const image = { type: "input_image", image_url: "https://example.com/a.png" };
    const call = { type: "function_call", call_id: "call_0", name: "look", arguments: "{}" };
    const output = { type: "function_call_output", call_id: "call_0", output: [image] };
    for (const input of [[{ role: "user", content: [image] }], [call, output]]) {
      const { status, error } = await vr.post({ input });
      expect([status, error.param]).toEqual([400, "input"]);
      expect(error.message).toContain("data: URL");
    }
    expect(server.requests).toEqual([]);
  });

  it("an old one gets images as a plain string", async () => {
    const { vr, server } = await startFamily(ollama, { quirks: { imageForm: "string" } });
    const image_url = "data:image/png;base64,AA==";
    await vr.post({ input: [{ role: "user", content: [{ type: "input_image", image_url }] }] });
    expect(server.requests[0]?.body.messages[0].content).toEqual([{ type: "image_url", image_url }]);
  });
});
