import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { vr } from "../../helpers/command.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { type HttpServerOptions, startHttpServer } from "../../helpers/mcp/http-server.ts";
import { entry } from "../../helpers/mcp/odd.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";

const SECRET = "s3cr3t";

type Instead = NonNullable<HttpServerOptions["instead"]>;

/** Answers so the messages of one method, or all of them. */
const answers =
  (status: number, textFor: (url: string) => string, method?: string): Instead =>
  (req, res, body) => {
    if (req.method !== "POST" || (method && body?.method !== method)) return false;
    res.writeHead(status).end(textFor(String(req.url)));
    return true;
  };

/** Servers that tell their URL when they cannot be used. */
const TELLING: Record<string, Instead> = {
  refuses: answers(403, (url) => `not you: ${url}`),
  knows_no_path: answers(404, (url) => `Cannot POST ${url}`),
  knows_no_tenant: answers(500, () => `no tenant ${SECRET}`),
  speaks_oddly: (req, res) => {
    res.writeHead(req.method === "POST" ? 200 : 404, { "content-type": `text/${SECRET}` }).end();
    return true;
  },
  redirects: (req, res) => {
    res.writeHead(307, { location: `http://elsewhere.example${req.url}` }).end();
    return true;
  },
};
const OTHERS: Record<string, Instead> = {
  fails_calls: answers(500, (url) => `${url} is out of order`, "tools/call"),
  works: () => false,
  is_gone: () => false,
};

/** The operator's file, with these servers, all of which have a token in the path of their URLs. */
async function fileOf(servers: Record<string, Instead>): Promise<string> {
  const mcpServers: Record<string, { url: string }> = {};
  for (const [label, instead] of Object.entries(servers)) {
    const server = await startHttpServer({ instead });
    mcpServers[label] = { url: server.url.replace("/mcp", `/${SECRET}/mcp`) };
    if (label === "is_gone") await server.close();
  }
  return join(tempFolder({ "mcp.json": JSON.stringify({ mcpServers }) }), "mcp.json");
}

/** All that clients are told of them, by place, and all that is logged. */
async function toldBy(env: Record<string, string>, labels: string[]): Promise<Record<string, string>> {
  const gateway = await startGateway({ env });
  const get = async (path: string) => (await fetch(`${gateway.url}${path}`)).text();
  const ask = async (label: string, more: object = {}) => {
    const answer = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: 'text: "hello"', tools: [entry(label)], stream: true, ...more }),
    });
    return `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
  };
  const told: Record<string, string> = {};
  for (const label of labels) {
    told[`${label}: tools`] = await get(`/v1/mcp/servers/${label}/tools`);
    told[`${label}: listed`] = await ask(label);
    told[`${label}: forced`] = await ask(label, {
      tool_choice: { type: "mcp", server_label: label, name: "echo" },
    });
  }
  told.servers = await get("/v1/mcp/servers");
  told.ready = await get("/ready");
  await gateway.stop();
  return { ...told, banner: gateway.stdout(), log: gateway.stderr() };
}

async function check(env: Record<string, string>, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await vr(["check", ...args], { env: { VR_UPSTREAM_KIND: "demo", ...env } })
    .finished;
  return stdout + stderr;
}

describe("a token in the path of a server's URL", () => {
  it("is shown nowhere, whatever the server says", async () => {
    const servers = { ...TELLING, ...OTHERS };
    const env = { VR_MCP_CONFIG_PATH: await fileOf(servers), VR_LOG_LEVEL: "debug" };
    const said = await toldBy(env, Object.keys(servers));
    said.check = await check(env);
    said.checkAsJson = await check(env, "--json");
    const places = Object.keys(said);
    expect(places.filter((place) => said[place]?.includes(SECRET))).toEqual([]);

    // It would have been in all of these.
    const telling = Object.keys(TELLING).flatMap((label) =>
      ["tools", "listed", "forced"].map((place) => `${label}: ${place}`),
    );
    const redacted = places.filter((place) => said[place]?.includes("[redacted]"));
    expect(redacted).toEqual([
      ...telling,
      "fails_calls: forced",
      "servers",
      "ready",
      "log",
      "check",
      "checkAsJson",
    ]);
    expect(said["works: forced"]).toContain("response.mcp_call.completed");
    expect(said["is_gone: listed"]).toContain("ECONNREFUSED");
  });
});
