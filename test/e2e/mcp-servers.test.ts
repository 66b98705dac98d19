import { join } from "node:path";
import { Agent, hostedMcpTool, OpenAIProvider, Runner } from "@openai/agents";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { program, startEverything } from "../helpers/mcp/published.ts";
import { tempFolder } from "../helpers/temp-folder.ts";

/** Servers that others wrote, through clients that others wrote. */
let gateway: Gateway;
let everything: Awaited<ReturnType<typeof startEverything>>;
let openai: OpenAI;
let files: string;

beforeAll(async () => {
  files = tempFolder({ "note.txt": "The kettle is on the left." });
  everything = await startEverything();
  const mcpServers = {
    everything: program("everything", "stdio"),
    everything_http: { url: everything.url },
    files: program("filesystem", files),
    memory: { ...program("memory"), env: { MEMORY_FILE_PATH: join(files, "memory.json") } },
  };
  const folder = tempFolder({ "mcp.json": JSON.stringify({ mcpServers }) });
  gateway = await startGateway({ env: { VR_MCP_CONFIG_PATH: join(folder, "mcp.json") } });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "dummy", maxRetries: 0 });
});
afterAll(async () => {
  await gateway?.stop();
  everything?.child.kill("SIGKILL");
});

/** Forces one tool of a server; the demo model takes its arguments from the prompt. */
async function callTool(server_label: string, name: string, input: string) {
  const stream = openai.responses.stream({
    model: "demo",
    input,
    tools: [{ type: "mcp", server_label }],
    tool_choice: { type: "mcp", server_label, name },
  });
  const types = new Set<string>();
  for await (const { type } of stream) types.add(type);
  const response = await stream.finalResponse();
  const call = response.output.find((item) => item.type === "mcp_call");
  if (!call) throw new Error(`no mcp_call in ${JSON.stringify(response.output)}`);
  return { call, types, response };
}

describe.each(["everything", "everything_http"])("server-everything as %s", (label) => {
  it("echoes", async () => {
    const { call, types, response } = await callTool(label, "echo", 'message: "hello there"');
    expect(call).toMatchObject({ status: "completed", error: null });
    expect(call.output).toContain("Echo: ");
    expect([...types]).toEqual(
      expect.arrayContaining(["response.mcp_list_tools.completed", "response.mcp_call.completed"]),
    );
    expect(response.output.map(({ type }) => type)).toEqual(["mcp_list_tools", "mcp_call", "message"]);
  });

  it("gives an image", async () => {
    const { call } = await callTool(label, "get-tiny-image", "show the tiny image");
    expect(call.status).toBe("completed");
    expect(JSON.parse(call.output ?? "")).toContainEqual(expect.objectContaining({ type: "image" }));
  });

  it("tells of progress while it works", async () => {
    const { call } = await callTool(label, "trigger-long-running-operation", "duration: 1, steps: 2");
    expect(call).toMatchObject({ status: "completed", output: expect.stringContaining("completed") });
  });

  it("gives structured content", async () => {
    const { call } = await callTool(label, "get-structured-content", "location: New York");
    expect(call.output).toContain("temperature");
  });
});

it("server-filesystem reads a file", async () => {
  const { call } = await callTool("files", "read_text_file", `path: "${join(files, "note.txt")}"`);
  expect(call.output).toContain("The kettle is on the left.");
});

it("server-filesystem says what it may not read, and the response goes on", async () => {
  const { call, response } = await callTool("files", "read_text_file", 'path: "/etc/hostname"');
  expect(call).toMatchObject({ status: "failed", error: { type: "mcp_tool_execution_error" } });
  expect(response.status).toBe("completed");
});

it("server-memory reads its graph", async () => {
  const { call } = await callTool("memory", "read_graph", "read the graph");
  expect(JSON.parse(call.output ?? "")).toMatchObject({ entities: [], relations: [] });
});

describe("@openai/agents' hostedMcpTool", () => {
  const run = (approve: boolean) => {
    const asked: string[] = [];
    const agent = new Agent({
      name: "reader",
      model: "demo",
      tools: [
        hostedMcpTool({
          serverLabel: "everything",
          allowedTools: ["echo"],
          requireApproval: "always",
          onApproval: async (_, item) => {
            asked.push(String(item.name));
            return approve ? { approve } : { approve, reason: "not now" };
          },
        }),
      ],
    });
    const modelProvider = new OpenAIProvider({ openAIClient: openai as never, useResponses: true });
    const runner = new Runner({ modelProvider, tracingDisabled: true });
    return { asked, result: runner.run(agent, 'use echo with message: "hello there"') };
  };

  it("runs a call that was approved", async () => {
    const { asked, result } = run(true);
    const { newItems, finalOutput } = await result;
    expect(asked).toEqual(["echo"]);
    expect(JSON.stringify(newItems)).toContain("Echo: ");
    expect(finalOutput).toContain("Echo");
  });

  it("tells the model of one that was denied", async () => {
    const { asked, result } = run(false);
    const { finalOutput } = await result;
    expect(asked).toEqual(["echo"]);
    expect(finalOutput).toContain("denied");
  });
});
