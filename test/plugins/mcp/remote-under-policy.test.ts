import { describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { startHttpServer } from "../../helpers/mcp/http-server.ts";
import { callsOdd, entry } from "../../helpers/mcp/odd.ts";
import { type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";

const start = (remote: object, ...turns: ScriptedTurn[]) =>
  startInProcess({ plugins: [scripted(...turns), mcp({ remote })] });
const tools = (server_url: string) => [entry("odd", { server_url, require_approval: "never" })];

describe("by default", () => {
  it.each([
    "http://docs.example.com/mcp",
    "https://localhost/mcp",
    "https://127.0.0.1/mcp",
    "https://[::1]/mcp",
    "https://169.254.169.254/latest/meta-data",
  ])("%s is refused", async (url) => {
    const vr = await start({});
    const { status, error } = await vr.post({ tools: tools(url) });
    expect([status, error]).toMatchObject([400, { param: "tools[0].server_url" }]);
  });
});

it("a list with what is no host is found at the start", async () => {
  await expect(start({ denyHosts: ["https://not-a-host/"] })).rejects.toThrow(/not-a-host/);
});

describe("without checks of URLs", () => {
  it("a server of this host is called", async () => {
    const server = await startHttpServer({ speaks: "events" });
    const vr = await start({ urlChecks: false }, callsOdd(["echo", { text: "near" }]), says("done"));
    const { response } = await vr.stream({ tools: tools(server.url) });
    expect(response.output[1]).toMatchObject({ type: "mcp_call", output: "near" });
  });

  it("no redirect is followed", async () => {
    const elsewhere = await startHttpServer();
    const server = await startHttpServer({
      instead: (_, res) => {
        res.writeHead(307, { location: elsewhere.url }).end();
        return true;
      },
    });
    const vr = await start({ urlChecks: false });
    const { status, error } = await vr.post({ tools: tools(server.url) });
    expect([status, error]).toMatchObject([400, { param: "tools[0].server_url" }]);
    expect(error.message).toContain("redirect");
    expect(elsewhere.received).toEqual([]);
  });

  it("hosts may still be denied", async () => {
    const server = await startHttpServer();
    const vr = await start({ urlChecks: false, denyHosts: ["127.0.0.1"] });
    expect((await vr.post({ tools: tools(server.url) })).status).toBe(400);
  });
});
