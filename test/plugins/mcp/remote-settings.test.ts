import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startGateway } from "../../helpers/gateway.ts";
import { startHttpServer } from "../../helpers/mcp/http-server.ts";
import { entry } from "../../helpers/mcp/odd.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";
import { expectValidError, expectValidResponse } from "../../wire/wire.ts";

/** A gateway with these options and variables is asked for a server at http and a loopback address. */
async function ask(remote: object, env: Record<string, string>) {
  const server = await startHttpServer();
  const folder = tempFolder({
    "vr.config.ts": `
      import { defineConfig } from "vr-gateway";
      import { demo } from "vr-gateway/plugins/demo";
      import { mcp } from "vr-gateway/plugins/mcp";
      export default defineConfig({ plugins: [demo(), mcp({ remote: ${JSON.stringify(remote)} })] });
    `,
  });
  await using gateway = await startGateway({ config: join(folder, "vr.config.ts"), env });
  const answer = await fetch(`${gateway.url}/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input: "hello", tools: [entry("odd", { server_url: server.url })] }),
  });
  return { status: answer.status, body: await answer.json(), server };
}

type Asked = Awaited<ReturnType<typeof ask>>;

function expectRefused({ status, body, server }: Asked, why: string) {
  expect(status).toBe(400);
  const { error } = expectValidError(body);
  expect(error).toMatchObject({ type: "invalid_request_error", param: "tools[0].server_url" });
  expect(error.message).toContain(why);
  expect(server.received).toEqual([]);
}

function expectListed({ status, body, server }: Asked) {
  expect(status).toBe(200);
  expect(expectValidResponse(body).output[0]).toMatchObject({
    type: "mcp_list_tools",
    tools: expect.arrayContaining([expect.objectContaining({ name: "echo" })]),
  });
  expect(server.count("tools/list")).toBe(1);
}

describe("VR_MCP_REQUEST_REMOTE_ENABLED takes the place of the option", () => {
  it("false over true: no request names a server", async () => {
    const asked = await ask({ enabled: true, urlChecks: false }, { VR_MCP_REQUEST_REMOTE_ENABLED: "false" });
    expectRefused(asked, "This gateway does not allow requests to name MCP servers.");
  });

  it("true over false: requests name servers", async () => {
    expectListed(await ask({ enabled: false, urlChecks: false }, { VR_MCP_REQUEST_REMOTE_ENABLED: "true" }));
  });
});

describe("VR_MCP_REQUEST_REMOTE_URL_CHECKS takes the place of the option", () => {
  it("true over false: https and public hosts only", async () => {
    const asked = await ask({ urlChecks: false }, { VR_MCP_REQUEST_REMOTE_URL_CHECKS: "true" });
    expectRefused(asked, "its scheme must be https");
  });

  it("false over true: http and loopback too", async () => {
    expectListed(await ask({ urlChecks: true }, { VR_MCP_REQUEST_REMOTE_URL_CHECKS: "false" }));
  });
});
