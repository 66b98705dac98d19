import { expect, it } from "vitest";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

it("a kind tells an earlier call by the names of the request that continues the conversation", async () => {
  const named = (label: unknown) => `clock_of_${label}`;
  const kinds = plugin("kinds", (vr) => {
    vr.tools.kind({
      type: "mcp",
      resolve: (entry) => ({
        tools: [
          {
            name: named((entry as { server_description?: string }).server_description),
            parameters: { type: "object" },
            execute: () => ({ kind: "output", output: "noon" }),
          },
        ],
      }),
      items: ["mcp_call"],
      replay: (item, [entry]) =>
        item.type === "mcp_call"
          ? {
              id: item.id,
              name: named((entry as { server_description?: string }).server_description),
              arguments: item.arguments,
              output: item.output ?? "",
            }
          : undefined,
    });
  });
  const model = scripted(calls(["clock_of_mine", {}]), says("noon"), says("noon again"));
  const vr = await startInProcess({ plugins: [model, kinds] });
  const tools = (server_description: string) => [{ type: "mcp", server_label: "clock", server_description }];
  const { response } = await vr.post({ tools: tools("mine") });
  await vr.post({ tools: tools("yours"), previous_response_id: response.id });
  const told = model.read(2).find(({ type }) => type === "function_call");
  expect(told).toMatchObject({ name: "clock_of_yours" });
});
