/**
 * What the gateway adds to a call of an MCP tool over stdio: from the model's call being complete to the item being
 * done (`onToolCall` to `onOutputItem`: arguments checked, called, result turned), against the same server called with
 * the SDK alone. They take turns; each has a process of the same server.
 * Usage: node test/bench/mcp-overhead.ts [calls, 2000 unless said]
 */
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { startGateway } from "../../core/cli-start.ts";
import { defineConfig } from "../../core/config.ts";
import type { Plugin } from "../../core/plugin.ts";
import type { ModelChunk } from "../../core/protocol/chunk.ts";
import { mcp } from "../../plugins/mcp/index.ts";

const CALLS = Number(process.argv[2] ?? 2_000);
const WARM_UP = 300;
const BAR_MS = 1;
const server = {
  command: process.execPath,
  args: [fileURLToPath(new URL("../../examples/mcp/docs-server.ts", import.meta.url))],
};
const query = "migration notes";

/** Calls the tool, then says that it is done. */
const model: Plugin = {
  name: "model",
  setup: (vr) =>
    vr.upstreams.add({
      name: "model",
      description: "calls the tool once",
      async *stream(_request, turn) {
        const call: ModelChunk[] = [
          { type: "tool_call", index: 0, name: "docs__search_docs", callId: "call_1" },
          { type: "tool_arguments", index: 0, delta: JSON.stringify({ query }) },
          { type: "finish", reason: "tool_calls" },
        ];
        yield turn.index === 0
          ? call
          : [
              { type: "text", text: "done" },
              { type: "finish", reason: "stop" },
            ];
      },
      models: async () => [{ id: "m" }],
      defaultModel: () => "m",
    }),
};

let began = 0;
let took = 0;
const clock: Plugin = {
  name: "clock",
  setup(vr) {
    vr.hooks.onToolCall.tap(() => {
      began = performance.now();
      return undefined;
    });
    vr.hooks.onOutputItem.tap((item) => {
      if (item.type === "mcp_call") took = performance.now() - began;
      return undefined;
    });
  },
};

const config = defineConfig({ plugins: [model, mcp({ servers: { docs: server } }), clock] });
const { gateway, url } = await startGateway(config, { port: 0, host: "127.0.0.1", logLevel: "silent" });
const client = new Client({ name: "bench", version: "1" });
await client.connect(new StdioClientTransport(server));
await client.listTools();

const body = JSON.stringify({ input: "go", store: false, tools: [{ type: "mcp", server_label: "docs" }] });
async function throughGateway(): Promise<number> {
  const answer = await fetch(`${url}/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const { output } = (await answer.json()) as { output: { type: string; status?: string }[] };
  if (output[1]?.status !== "completed") throw new Error(`the call failed: ${JSON.stringify(output)}`);
  return took;
}

async function direct(): Promise<number> {
  const start = performance.now();
  await client.callTool({ name: "search_docs", arguments: { query } });
  return performance.now() - start;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] as number;
}

const ways = { "through the gateway": throughGateway, "the SDK alone": direct };
const times: Record<string, number[]> = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let call = -WARM_UP; call < CALLS; call++)
  for (const [name, run] of Object.entries(ways)) {
    const ms = await run();
    if (call >= 0) times[name]?.push(ms);
  }
await Promise.all([client.close(), gateway.close(0)]);

const of = (share: number) => Object.values(times).map((all) => quantile(all, share)) as [number, number];
for (const share of [0.5, 0.9, 0.99]) {
  const [gatewayMs, sdkMs] = of(share);
  const added = (gatewayMs - sdkMs).toFixed(3);
  console.log(
    `p${share * 100}: ${gatewayMs.toFixed(3)} ms through the gateway, ${sdkMs.toFixed(3)} ms with the SDK alone, ${added} ms added`,
  );
}
const [gatewayMs, sdkMs] = of(0.5);
console.log(`the bar of ${BAR_MS} ms ${gatewayMs - sdkMs <= BAR_MS ? "holds" : "does not hold"}`);
process.exit(0);
