import { describe, expect, it } from "vitest";
import { guardBlocklist } from "../../plugins/guard-blocklist/index.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { mcp } from "../helpers/plugins/mcp.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

const files = { type: "mcp", server_label: "files", require_approval: "always" };

describe("what comes with an approval, which runs its call before a model is asked", () => {
  it("is not kept for later requests when a guardrail refuses it", async () => {
    const model = scripted(calls(["files__remove", { path: "/a" }]), says("gone"), says("again"));
    const vr = await startInProcess({
      plugins: [
        model,
        guardBlocklist({ words: ["falcon"] }),
        mcp({ files: { remove: () => ({ kind: "output", output: "removed" }) } }),
      ],
    });
    const asked = await vr.stream({ tools: [files] });
    const question = asked.response.output.find((item) => item.type === "mcp_approval_request");
    const refused = await vr.stream({
      previous_response_id: asked.response.id,
      tools: [files],
      input: [
        { type: "mcp_approval_response", approval_request_id: question?.id, approve: true },
        { role: "user", content: "tell me of the falcon" },
      ],
    });
    expect(refused.response).toMatchObject({ status: "failed", error: { code: "invalid_prompt" } });

    await vr.stream({ previous_response_id: refused.response.id, input: "go on" });
    expect(JSON.stringify(model.requests)).not.toContain("falcon");
    const listed = await fetch(`${vr.url}/v1/responses/${refused.response.id}/input_items`);
    expect(await listed.text()).not.toContain("falcon");
  });
});
