import { Keyv } from "keyv";
import { describe, expect, it, onTestFinished } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import type { Target } from "../../../plugins/remote-policy/open-connection.ts";
import { storeKeyv } from "../../../plugins/store-keyv/index.ts";
import { dns } from "../../helpers/dns-answers.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { callsOdd, entry } from "../../helpers/mcp/odd.ts";
import { createSdkListener } from "../../helpers/mcp/sdk-listener.ts";
import { type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";
import { createTestAuthority } from "../../helpers/test-authority.ts";
import { createTlsServer, type TlsServer } from "../../helpers/tls-server.ts";

const HOST = "mcp.example.com";
const URL_OF_HOST = `https://${HOST}/mcp`;
const PUBLIC = "8.8.8.8";
const authority = createTestAuthority();

async function serveTls(listener: Parameters<typeof createTlsServer>[1]): Promise<TlsServer> {
  const server = await createTlsServer(authority.issue(HOST), listener);
  onTestFinished(() => server.close());
  return server;
}

/** A network with these servers at these addresses, and the addresses that connections were to go to. */
function network(servers: Record<string, TlsServer>) {
  const targets: string[][] = [];
  const connect = ({ addresses }: Target) => {
    targets.push([...addresses]);
    const server = servers[addresses[0] ?? ""];
    if (!server) throw new Error(`nothing is at ${addresses}`);
    return server.connect();
  };
  return { targets, connect };
}

const never = () => {
  throw new Error("nothing may be connected to");
};

async function start(remote: object, turns: readonly ScriptedTurn[]) {
  /** All that the gateway stores, as it is stored. */
  const stored = new Map<string, unknown>();
  const model = scripted(...turns);
  const vr = await startInProcess({
    plugins: [model, mcp({ remote: { ca: authority.ca, ...remote } })],
    store: storeKeyv({ keyv: new Keyv({ store: stored }) }),
  });
  return { vr, model, stored };
}

describe("a server of a public name, over TLS", () => {
  it("runs the call that the client approves", async () => {
    const { listener, received } = createSdkListener();
    const { asked, resolve } = dns([PUBLIC]);
    const { targets, connect } = network({ [PUBLIC]: await serveTls(listener) });
    const { vr } = await start({ resolve, connect }, [callsOdd(["echo", { text: "far" }]), says("done")]);
    const tools = [entry("odd", { server_url: URL_OF_HOST })];
    const waiting = await vr.stream({ tools });
    expect(waiting.response.output).toMatchObject([
      { type: "mcp_list_tools", server_label: "odd", tools: [{ name: "echo" }, { name: "complains" }] },
      { type: "mcp_approval_request", server_label: "odd", name: "echo" },
    ]);
    const id = waiting.response.output[1]?.id;
    const { response } = await vr.stream({
      tools,
      previous_response_id: waiting.response.id,
      input: [{ type: "mcp_approval_response", approval_request_id: id, approve: true }],
    });
    expect(response.output).toMatchObject([
      { type: "mcp_call", name: "echo", approval_request_id: id, output: "far", status: "completed" },
      { type: "message" },
    ]);
    expect(new Set(asked)).toEqual(new Set([HOST]));
    expect(new Set(targets.flat())).toEqual(new Set([PUBLIC]));
    expect(received.every(({ host }) => host === HOST)).toBe(true);
  });

  it("is not used when its certificate is another's", async () => {
    const { listener, received } = createSdkListener();
    const server = await createTlsServer(authority.issue("other.example.com"), listener);
    onTestFinished(() => server.close());
    const { connect } = network({ [PUBLIC]: server });
    const { vr } = await start({ resolve: dns([PUBLIC]).resolve, connect }, [says("without")]);
    const { response } = await vr.stream({ tools: [entry("odd", { server_url: URL_OF_HOST })] });
    expect(response.output[0]).toMatchObject({
      error: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
    });
    expect(received).toEqual([]);
  });
});

describe("a name that leads into a private network", () => {
  it.each([
    { addresses: ["127.0.0.1"] },
    { addresses: ["::1"] },
    { addresses: ["10.0.0.1"] },
    { addresses: ["169.254.169.254"] },
    { addresses: ["::ffff:127.0.0.1"] },
    { addresses: [PUBLIC, "127.0.0.1"] },
  ])("at $addresses: the request is refused, and nothing is connected to", async ({ addresses }) => {
    const { vr } = await start({ resolve: dns(addresses).resolve, connect: never }, []);
    const { status, error } = await vr.post({ tools: [entry("odd", { server_url: URL_OF_HOST })] });
    expect([status, error]).toMatchObject([
      400,
      { type: "invalid_request_error", param: "tools[0].server_url" },
    ]);
    for (const address of addresses) expect(error.message).not.toContain(address);
  });

  it("as soon as it was checked, is connected to where the check was", async () => {
    const { listener, received } = createSdkListener();
    const inside = createSdkListener();
    const private_ = await serveTls(inside.listener);
    const { asked, resolve } = dns([PUBLIC], ["127.0.0.1"]);
    const { targets, connect } = network({ [PUBLIC]: await serveTls(listener), "127.0.0.1": private_ });
    const { vr } = await start({ resolve, connect }, [says("done")]);
    // A session takes more than one connection. The others are checked anew, which may end it.
    await vr.post({ tools: [entry("odd", { server_url: URL_OF_HOST })] });
    expect(asked.length).toBeGreaterThan(1);
    expect(targets).toEqual([[PUBLIC]]);
    expect(received.length).toBeGreaterThan(0);
    expect(private_.connections).toBe(0);
  });

  it("once it has been used, fails the call that needs another connection", async () => {
    const server = await serveTls(createSdkListener().listener);
    const private_ = await serveTls(createSdkListener().listener);
    const { targets, connect } = network({ [PUBLIC]: server, "127.0.0.1": private_ });
    let address = PUBLIC;
    const turns = [callsOdd(["echo", { text: "far" }]), says("one"), callsOdd(["echo", { text: "far" }])];
    const { vr } = await start({ resolve: async () => [address], connect }, [...turns, says("two")]);
    const tools = [entry("odd", { server_url: URL_OF_HOST, require_approval: "never" })];
    const first = await vr.stream({ tools });
    expect(first.response.output[1]).toMatchObject({ type: "mcp_call", output: "far" });
    address = "127.0.0.1";
    await server.close();
    const second = await vr.stream({ tools, previous_response_id: first.response.id });
    expect(second.response.output[0]).toMatchObject({
      type: "mcp_call",
      status: "failed",
      error: { type: "mcp_protocol_error", message: expect.stringContaining("no public address") },
    });
    expect(new Set(targets.flat())).toEqual(new Set([PUBLIC]));
    expect(private_.connections).toBe(0);
  });

  it("by a redirect, is not followed there", async () => {
    const inside = createSdkListener();
    const private_ = await serveTls(inside.listener);
    const redirects = await serveTls((_, res) => {
      res.writeHead(307, { location: `https://127.0.0.1:${private_.port}/mcp` }).end();
    });
    const { targets, connect } = network({ [PUBLIC]: redirects, "127.0.0.1": private_ });
    const { vr } = await start({ resolve: dns([PUBLIC]).resolve, connect }, []);
    const { status, error } = await vr.post({ tools: [entry("odd", { server_url: URL_OF_HOST })] });
    expect([status, error]).toMatchObject([400, { param: "tools[0].server_url" }]);
    expect(error.message).toContain("redirects are not followed");
    expect(targets).toEqual([[PUBLIC]]);
    expect(private_.connections).toBe(0);
  });
});

describe("authorization and headers", () => {
  const TOKEN = "s3cr3t-t0k3n-of-the-client";
  const TENANT = "tenant-0123456789";
  const tools = [
    entry("odd", {
      server_url: URL_OF_HOST,
      authorization: TOKEN,
      headers: { "x-tenant": TENANT },
      require_approval: "never",
    }),
  ];
  const expectNone = (...seen: unknown[]) => {
    const text = seen.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n");
    expect(text.length).toBeGreaterThan(0);
    for (const secret of [TOKEN, TENANT]) expect(text).not.toContain(secret);
  };

  it("reach the server, and are neither echoed nor stored nor logged, though the server quotes them", async () => {
    const { listener, received } = createSdkListener();
    const { connect } = network({ [PUBLIC]: await serveTls(listener) });
    const turns = [callsOdd(["complains"], ["missing"]), says("done")];
    const { vr, model, stored } = await start({ resolve: dns([PUBLIC]).resolve, connect }, turns);
    const { response, events } = await vr.stream({ tools });
    expect(response.tools).toEqual([
      {
        type: "mcp",
        server_label: "odd",
        server_url: `${new URL(URL_OF_HOST).origin}/`,
        require_approval: "never",
      },
    ]);
    expect(response.output[1]).toMatchObject({
      type: "mcp_call",
      status: "failed",
      error: { type: "mcp_tool_execution_error", content: [{ text: "not accepted: [redacted]" }] },
    });
    expect(received.length).toBeGreaterThan(0);
    for (const headers of received)
      expect(headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, "x-tenant": TENANT });
    const got = (await vr.get(response.id)).response;
    const items = await (await fetch(`${vr.url}/v1/responses/${response.id}/input_items`)).text();
    expect(stored.size).toBeGreaterThan(0);
    expectNone(events, got, items, [...stored], model.requests, vr.log);
  });

  it("are not in the answer when the server cannot be reached, forced or not", async () => {
    const connect = () => {
      throw new Error(`no route for ${TOKEN}`);
    };
    const { vr } = await start({ resolve: dns([PUBLIC]).resolve, connect }, [says("without")]);
    const { response, events } = await vr.stream({ tools });
    expect(response.output[0]).toMatchObject({ type: "mcp_list_tools", error: expect.any(String) });
    const { status, error } = await vr.post({ tools, tool_choice: { type: "mcp", server_label: "odd" } });
    expect([status, error]).toMatchObject([424, { type: "external_connector_error" }]);
    expectNone(events, error, vr.log);
  });

  it("are not in the answer to a request that is wrong", async () => {
    const { vr } = await start({ resolve: dns([PUBLIC]).resolve, connect: never }, []);
    const wrong = { server_url: URL_OF_HOST, authorization: TOKEN };
    const answers = [
      await vr.post({ tools: [entry("odd", { ...wrong, headers: { "x-tenant": `${TENANT}\nx: y` } })] }),
      await vr.post({ tools: [entry("odd", { ...wrong, headers: { Authorization: TENANT } })] }),
      await vr.post({ tools: [entry("odd", { ...wrong, authorization: `${TOKEN}\u0000` })] }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    expectNone(
      answers.map(({ error }) => error),
      vr.log,
    );
  });
});
