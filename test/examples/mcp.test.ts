import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { post } from "../helpers/ask.ts";
import { vr } from "../helpers/command.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { collectSse } from "../helpers/sse.ts";
import { expectValidStream } from "../wire/wire.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const quickstart = readFileSync(`${root}test/fixtures/requests/quickstart-mcp.json`, "utf8");
const env = { VR_MCP_CONFIG_PATH: `${root}examples/mcp/mcp.json` };

describe("examples/mcp with the shipped configuration", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ env });
  });
  afterAll(() => gateway?.stop());

  it("answers the quickstart's smoke test, byte for byte, with a call of search_docs", async () => {
    const answer = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer dummy" },
      body: quickstart,
    });
    const events = await collectSse(answer);
    const response = expectValidStream(events);
    expect(response.status).toBe("completed");
    expect(response.output).toMatchObject([
      { type: "mcp_list_tools", server_label: "github_docs", tools: [{ name: "search_docs" }] },
      {
        type: "mcp_call",
        status: "completed",
        server_label: "github_docs",
        name: "search_docs",
        output: expect.stringContaining("Migration notes for 2.0"),
        error: null,
      },
      { type: "message" },
    ]);
    const types = events.map(({ type }) => type).filter((type) => type.includes(".mcp_"));
    expect([...new Set(types)]).toEqual([
      "response.mcp_list_tools.in_progress",
      "response.mcp_list_tools.completed",
      "response.mcp_call.in_progress",
      "response.mcp_call_arguments.delta",
      "response.mcp_call_arguments.done",
      "response.mcp_call.completed",
    ]);
  });

  it("prints the same with mcp.sh", async () => {
    const { stdout } = await promisify(execFile)("sh", [`${root}examples/quickstart/mcp.sh`], {
      env: { ...process.env, VR_URL: gateway.url, no_proxy: "*" },
    });
    expect(stdout).toContain("event: response.mcp_call.completed");
    expect(stdout.trimEnd()).toMatch(/data: \[DONE\]$/);
  });

  it("names an unknown label in a 400", async () => {
    const answer = await post(gateway, { input: "hi", tools: [{ type: "mcp", server_label: "github" }] });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { param: "tools[0].server_label" } });
  });

  it("lists servers and their tools", async () => {
    const list = async (path: string) => (await fetch(`${gateway.url}/v1/mcp/servers${path}`)).json();
    expect(await list("")).toEqual({
      object: "list",
      data: [
        {
          server_label: "github_docs",
          transport: "stdio",
          status: "available",
          server_info: { name: "docs", version: "1.0.0" },
          tools: 1,
        },
      ],
    });
    expect(await list("/github_docs/tools")).toMatchObject({
      object: "list",
      data: [{ name: "search_docs", annotations: { readOnlyHint: true } }],
    });
    expect(await list("/nobody/tools")).toMatchObject({ error: { param: "label" } });
  });

  it("says in /ready how the server is", async () => {
    const ready = await (await fetch(`${gateway.url}/ready`)).json();
    expect(ready).toMatchObject({
      status: "ready",
      dependencies: { "mcp:github_docs": { ok: true, tools: 1 } },
    });
  });
});

it("vr check tries the server", async () => {
  const { code, stdout } = await vr(["check", "--json"], {
    cwd: root,
    env: { ...env, VR_UPSTREAM_KIND: "demo" },
  }).finished;
  expect(JSON.parse(stdout)).toMatchObject({
    dependencies: expect.arrayContaining([
      expect.objectContaining({ name: "mcp:github_docs", ok: true, details: { tools: ["search_docs"] } }),
    ]),
  });
  expect(code).toBe(0);
});
