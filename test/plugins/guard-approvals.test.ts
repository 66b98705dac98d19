import { describe, expect, it } from "vitest";
import { guardBlocklist } from "../../plugins/guard-blocklist/index.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { mcp } from "../helpers/plugins/mcp.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

const files = { type: "mcp", server_label: "files", require_approval: "always" };

describe("an approval in a request that a guardrail refuses", () => {
  it("runs nothing, keeps nothing, and may be sent again", async () => {
    const ran: unknown[] = [];
    const model = scripted(calls(["files__remove", { path: "/a" }]), says("gone"));
    const vr = await startInProcess({
      plugins: [
        model,
        guardBlocklist({ words: ["falcon"] }),
        mcp({ files: { remove: ({ path }) => ({ kind: "output", output: `removed ${ran.push(path)}` }) } }),
      ],
    });
    const asked = await vr.stream({ tools: [files] });
    const question = asked.response.output.find((item) => item.type === "mcp_approval_request");
    const approve = (text: string) =>
      vr.stream({
        previous_response_id: asked.response.id,
        tools: [files],
        input: [
          { type: "mcp_approval_response", approval_request_id: question?.id, approve: true },
          { role: "user", content: text },
        ],
      });
    const refused = await approve("tell me of the falcon");
    expect(refused.status).toBe(403);
    expect(refused.error).toMatchObject({ code: "content_blocked", param: "input" });
    expect(ran).toEqual([]);

    const { response } = await approve("tell me of the sparrow");
    expect(ran).toEqual(["/a"]);
    expect(response.status).toBe("completed");
    expect(JSON.stringify(model.requests)).not.toContain("falcon");
  });

  it("does not run either where its own arguments hold the word", async () => {
    const ran: unknown[] = [];
    const vr = await startInProcess({
      plugins: [
        scripted(),
        guardBlocklist({ words: ["falcon"], input: false }),
        mcp({ files: { remove: () => ({ kind: "output", output: `${ran.push(1)}` }) } }),
      ],
    });
    const { response } = await vr.stream({
      tools: [files],
      input: [
        {
          type: "mcp_approval_request",
          id: "mcpr_1",
          server_label: "files",
          name: "remove",
          arguments: '{"path":"/fal\\u0063on"}',
        },
        { type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true },
      ],
    });
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
    });
    expect(ran).toEqual([]);
    expect(JSON.stringify(response.output)).not.toContain("falcon");
  });
});
