import { parentPort } from "node:worker_threads";
import { checkArguments } from "./argument-check.ts";
import type { ServerTool } from "./session.ts";

/** Tools whose schemas stay compiled, by their JSON. */
const MOST_TOOLS = 200;
const tools = new Map<string, ServerTool>();

/** Equal tools are one: compiling takes a hundred times as long as a check. */
function toolOf(json: string): ServerTool {
  const tool = tools.get(json) ?? (JSON.parse(json) as ServerTool);
  tools.delete(json);
  tools.set(json, tool);
  for (const [oldest] of tools) {
    if (tools.size <= MOST_TOOLS) break;
    tools.delete(oldest);
  }
  return tool;
}

// Runs in a thread of its own, which is ended when a check takes too long.
parentPort?.on("message", async ({ tool, args }: { tool: string; args: Record<string, unknown> }) => {
  parentPort?.postMessage({ mistake: await checkArguments(toolOf(tool), args) });
});
// Loading the validator is no part of a check.
await checkArguments({ name: "none", inputSchema: { type: "object" } }, {});
parentPort?.postMessage({ ready: true });
