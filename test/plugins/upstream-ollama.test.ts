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

  const given = (image_url: string) => ({ type: "input_image", image_url });
  const ofTool = (image_url: string) => [
    { type: "function_call", call_id: "call_0", name: "look", arguments: "{}" },
    { type: "function_call_output", call_id: "call_0", output: [given(image_url)] },
  ];

  it("a remote image is refused clearly; one of a tool becomes text", async () => {
    const { vr, server } = await startFamily(ollama);
    const remote = "https://example.com/a.png";
    const { status, error } = await vr.post({ input: [{ role: "user", content: [given(remote)] }] });
    expect([status, error.param]).toEqual([400, "input"]);
    expect(error.message).toContain("data: URL");
    expect(server.requests).toEqual([]);
    const answer = await vr.post({ input: ofTool(remote) });
    expect([answer.status, server.requests.length]).toEqual([200, 1]);
    expect(answer.headers.get("x-vr-warning")).toContain("images in tool outputs");
  });

  it("a figure in a format that it does not know becomes text, and the next one is shown", async () => {
    const { vr, server } = await startFamily(ollama);
    const answer = await vr.post({ input: ofTool("data:image/svg+xml;base64,AA==") });
    expect(answer.headers.get("x-vr-warning")).toContain("refused them");
    expect(server.refused).toEqual(["invalid image input"]);
    expect(server.requests[1]?.raw).toContain("[image/svg+xml, not shown: the model server refused it]");
    const next = await vr.post({ input: ofTool("data:image/png;base64,AA==") });
    expect([next.headers.get("x-vr-warning"), server.requests.length]).toEqual([null, 3]);
    expect(server.requests[2]?.raw).toContain("data:image/png;base64,AA==");
  });

  it("an old one gets images as a plain string", async () => {
    const { vr, server } = await startFamily(ollama, { quirks: { imageForm: "string" } });
    const image_url = "data:image/png;base64,AA==";
    await vr.post({ input: [{ role: "user", content: [{ type: "input_image", image_url }] }] });
    expect(server.requests[0]?.body.messages[0].content).toEqual([{ type: "image_url", image_url }]);
  });
});
