import { parentPort } from "node:worker_threads";
import { checkArguments } from "./argument-check.ts";
import type { ServerTool } from "./session.ts";

/** Tools whose schemas stay compiled, by their JSON. */
const MOST_TOOLS = 200;
const tools = new Map<string, ServerTool>();

/** Returns the same object for equal tools, since compiling takes a hundred times as long as a check. */
function toolOf(json: string): ServerTool {
  let tool = tools.get(json);
  if (tool) return tool;
  if (tools.size === MOST_TOOLS) tools.clear();
  tool = JSON.parse(json) as ServerTool;
  tools.set(json, tool);
  return tool;
}

// Runs in a separate thread, which is ended when a check takes too long.
parentPort?.on("message", async ({ tool, args }: { tool: string; args: Record<string, unknown> }) => {
  parentPort?.postMessage({ mistake: await checkArguments(toolOf(tool), args) });
});
// Loads the validator before the first check, so that its time does not count.
await checkArguments({ name: "none", inputSchema: { type: "object" } }, {});
parentPort?.postMessage({ ready: true });
