import { parentPort } from "node:worker_threads";
import { checkArguments } from "./argument-check.ts";
import type { ServerTool } from "./session.ts";

// Runs in a thread of its own, which is ended when a check takes too long.
parentPort?.on("message", async ({ tool, args }: { tool: ServerTool; args: Record<string, unknown> }) => {
  parentPort?.postMessage({ mistake: await checkArguments(tool, args) });
});
// Loading the validator is no part of a check.
await checkArguments({ name: "none", inputSchema: { type: "object" } }, {});
parentPort?.postMessage({ ready: true });
