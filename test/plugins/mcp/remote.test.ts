import { Keyv } from "keyv";
import { beforeAll, describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { storeKeyv } from "../../../plugins/store-keyv/index.ts";
import { type InProcess, startInProcess } from "../../helpers/in-process.ts";
import { forgetsLate, startHttpServer } from "../../helpers/mcp/http-server.ts";
import { callsOdd, entry } from "../../helpers/mcp/odd.ts";
import { gate, type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";

// What is loaded with the first connection is no part of the times here.
beforeAll(() => import("../../../plugins/mcp/open-session.ts"));

const SECRET = "s3cr3t-t0k3n-of-the-client";

/** Without checks of URLs: the servers are on this host. */
async function start(turns: readonly ScriptedTurn[], remote: object = {}, more: object = {}) {
  const model = scripted(...turns);
  const plugin = mcp({ remote: { urlChecks: false, ...remote }, ...more });
  const vr = await startInProcess({ plugins: [model, plugin] });
  return { vr, model };
}

const callsOf = ({ response }: Awaited<ReturnType<InProcess["stream"]>>) =>
  response.output.filter((item) => item.type === "mcp_call");

const listError = async (vr: InProcess, tools: object[]) =>
  ((await vr.post({ tools })).response.output[0] as { error?: string }).error;

describe("a server that the request names", () => {
  it("is called with the request's credentials, which nobody sees", async () => {
    const server = await startHttpServer();
    const { vr, model } = await start([callsOdd(["echo", { text: "far" }]), says("done")]);
    const answer = await vr.stream({
      tools: [
        entry("odd", {
          server_url: server.url,
          authorization: SECRET,
          headers: { "x-tenant": "tenant-0123456789" },
          require_approval: "never",
        }),
      ],
    });
    expect(callsOf(answer)).toMatchObject([{ output: "far", server_label: "odd" }]);
    for (const { headers } of server.received)
      expect(headers).toMatchObject({ authorization: `Bearer ${SECRET}`, "x-tenant": "tenant-0123456789" });
    const stored = await vr.get(answer.response.id);
    const seen = JSON.stringify([answer.events, stored.response, vr.log, model.requests]);
    expect(seen).not.toContain(SECRET);
    expect(seen).not.toContain("tenant-0123456789");
  });

  it("waits for approval unless the request says otherwise", async () => {
    const server = await startHttpServer();
    const { vr } = await start([callsOdd(["echo", { text: "far" }]), says("done")]);
    const tools = [entry("odd", { server_url: server.url })];
    const asked = await vr.stream({ tools });
    const request = asked.response.output.find((item) => item.type === "mcp_approval_request");
    expect(server.count("tools/call")).toBe(0);
    const answered = await vr.stream({
      tools,
      previous_response_id: asked.response.id,
      input: [{ type: "mcp_approval_response", approval_request_id: request?.id, approve: true }],
    });
    expect(callsOf(answered)).toMatchObject([{ output: "far", approval_request_id: request?.id }]);
  });

  it("is not called with arguments that do not fit, and the model is told", async () => {
    const server = await startHttpServer();
    const { vr, model } = await start([callsOdd(["echo", { text: 5 }]), says("done")]);
    const tools = [entry("odd", { server_url: server.url, require_approval: "never" })];
    expect(callsOf(await vr.stream({ tools }))).toMatchObject([
      { status: "failed", error: { type: "mcp_tool_execution_error" } },
    ]);
    expect(JSON.stringify(model.requests[1])).toContain("/text must be string");
    expect(server.count("tools/call")).toBe(0);
  });

  it("shares a connection with requests of the same URL and credentials only", async () => {
    const server = await startHttpServer();
    const { vr } = await start([says("a"), says("b"), says("c")]);
    const one = entry("odd", { server_url: server.url, authorization: "one" });
    await vr.post({ tools: [one] });
    await vr.post({ tools: [one] });
    expect(server.count("initialize")).toBe(1);
    await vr.post({ tools: [entry("odd", { server_url: server.url, authorization: "two" })] });
    expect(server.count("initialize")).toBe(2);
  });

  it("is connected to anew after a while without use, and not for a list that the conversation holds", async () => {
    const server = await startHttpServer();
    const turns = [says("a"), says("b"), callsOdd(["echo", { text: "c" }]), says("c")];
    const { vr } = await start(turns, { idleMs: 20 });
    const tools = [entry("odd", { server_url: server.url, require_approval: "never" })];
    const first = await vr.post({ tools });
    await server.ended();
    const second = await vr.post({ tools, previous_response_id: first.response.id });
    expect(second.response.output.map(({ type }) => type)).toEqual(["message"]);
    expect(server.count("initialize")).toBe(1);
    const third = await vr.stream({ tools, previous_response_id: second.response.id });
    expect(callsOf(third)).toMatchObject([{ output: "c" }]);
    expect(server.count("initialize")).toBe(2);
  });

  it("is asked for tools that the conversation has not seen of it", async () => {
    const server = await startHttpServer();
    const { vr } = await start([says("a"), says("b")], { idleMs: 20 });
    const tools = (...allowed_tools: string[]) => [entry("odd", { server_url: server.url, allowed_tools })];
    const first = await vr.post({ tools: tools("echo") });
    await server.ended();
    const second = await vr.post({ tools: tools("echo", "pid"), previous_response_id: first.response.id });
    expect(second.response.output[0]).toMatchObject({ tools: [{ name: "echo" }, { name: "pid" }] });
    expect(second.headers.get("x-vr-warning")).toBeNull();
  });

  describe("under the label of another", () => {
    const shown = ({ response }: Awaited<ReturnType<InProcess["post"]>>) =>
      response.output.flatMap((item) =>
        item.type === "mcp_list_tools" ? [item.tools.map(({ name }) => name)] : [],
      );
    /** Two servers that are not connected any more, and the response that has listed the first. */
    const startTwo = async (turns: readonly ScriptedTurn[], allowed_tools?: unknown) => {
      const first = await startHttpServer();
      const second = await startHttpServer({ tools: ["pid", "fails"] });
      const { vr, model } = await start(turns, { idleMs: 20 });
      const of = ({ url }: { url: string }, more: object = {}) => [
        entry("odd", { server_url: url, require_approval: "never", ...more }),
      ];
      const listed = await vr.post({ tools: of(first, { allowed_tools }) });
      await first.ended();
      const offered = (n: number) => model.requests[n]?.tools.map(({ name }) => name);
      return { vr, first, second, of, offered, previous_response_id: listed.response.id };
    };

    it("has tools of its own", async () => {
      const turns = [says("a"), callsOdd(["fails"]), says("b"), says("c")];
      const { vr, first, second, of, offered, previous_response_id } = await startTwo(turns);
      const other = await vr.post({ tools: of(second), previous_response_id });
      expect(shown(other)).toEqual([["fails", "pid"]]);
      expect(offered(1)).toEqual(["odd__fails", "odd__pid"]);
      expect([first.count("tools/call"), second.count("tools/call")]).toEqual([0, 1]);
      const back = await vr.post({ tools: of(first), previous_response_id: other.response.id });
      expect(shown(back)[0]).toContain("echo");
    });

    it("is known by all of its URL", async () => {
      const { vr, first, of, previous_response_id } = await startTwo([says("a"), says("b")]);
      await vr.post({ tools: of({ url: `${first.url}?tenant=2` }), previous_response_id });
      expect(first.count("initialize")).toBe(2);
    });

    it.each([
      ["nothing", {}, 2],
      ["what it has not shown", { allowed_tools: ["echo", "pid"] }, 2],
      ["other traits", { allowed_tools: { read_only: true } }, 2],
      ["the same", { allowed_tools: ["echo", "fails"] }, 1],
      ["less", { allowed_tools: ["fails"] }, 1],
      ["less by traits too", { allowed_tools: { tool_names: ["echo", "fails"], read_only: true } }, 1],
    ])("is asked again where its list was narrowed and the request allows %s", async (_, more, asked) => {
      const allowed = ["echo", "fails"];
      const { vr, first, of, previous_response_id } = await startTwo([says("a"), says("b")], allowed);
      await vr.post({ tools: of(first, more), previous_response_id });
      expect(first.count("initialize")).toBe(asked);
    });

    it("is asked again where the client brings the list itself, which is not repeated", async () => {
      const { vr, first, second, of, offered } = await startTwo(Array(4).fill(says("so")));
      const listed = await vr.post({ tools: of(first), store: false });
      const input = [...listed.response.output, { role: "user", content: "again" }];
      const again = await vr.post({ tools: of(first), store: false, input });
      expect(shown(again)).toEqual([]);
      const other = await vr.post({ tools: of(second), store: false, input });
      expect(shown(other)).toEqual([["fails", "pid"]]);
      expect(offered(3)).toEqual(["odd__fails", "odd__pid"]);
    });

    it("is not kept by its URL, nor by anything that clients see", async () => {
      const server = await startHttpServer();
      const kept = new Map<string, string>();
      const vr = await startInProcess({
        plugins: [scripted(says("a")), mcp({ remote: { urlChecks: false } })],
        store: storeKeyv({ keyv: new Keyv({ store: kept }) }),
      });
      const tools = [entry("odd", { server_url: `${server.url}?key=${SECRET}` })];
      const { response } = await vr.post({ tools });
      const stored = [...kept.values()].join("\n");
      expect(stored).not.toContain(SECRET);
      const [digest] = /(?<="server[\\"]+:[\\"]+)[\w-]{43}/.exec(stored) ?? [];
      expect(digest).toBeDefined();
      const input = await (await fetch(`${vr.url}/v1/responses/${response.id}/input_items`)).json();
      const seen = [response, (await vr.get(response.id)).response, input];
      expect(JSON.stringify(seen)).not.toContain(digest);
    });
  });

  it("has its session made anew when it has forgotten it", async () => {
    const server = await startHttpServer();
    const { vr } = await start([says("a"), callsOdd(["echo", { text: "b" }]), says("b")]);
    const tools = [entry("odd", { server_url: server.url, require_approval: "never" })];
    await vr.post({ tools });
    server.forget();
    expect(callsOf(await vr.stream({ tools }))).toMatchObject([{ output: "b" }]);
  });

  it("has each of its parallel calls made again, whenever it says that it has forgotten the session", async () => {
    const server = await startHttpServer({ instead: forgetsLate() });
    const made = callsOdd(["echo", { text: "late" }], ["echo", { text: "soon" }]);
    const { vr } = await start([says("a"), made, says("b")]);
    const tools = [entry("odd", { server_url: server.url, require_approval: "never" })];
    await vr.post({ tools });
    server.forget();
    expect(callsOf(await vr.stream({ tools }))).toMatchObject([{ output: "late" }, { output: "soon" }]);
    expect(server.count("initialize")).toBe(2);
  });

  it("that cannot be reached fails its list, or the request that forces it", async () => {
    const server = await startHttpServer();
    await server.close();
    const { vr } = await start([says("without")]);
    const tools = [entry("odd", { server_url: `${server.url}?key=${SECRET}` })];
    const { response } = await vr.stream({ tools });
    expect(response.output[0]).toMatchObject({ error: expect.stringContaining("ECONNREFUSED") });
    const { status, error } = await vr.post({ tools, tool_choice: { type: "mcp", server_label: "odd" } });
    expect([status, error.type]).toEqual([424, "external_connector_error"]);
    expect(JSON.stringify([response.output, error])).not.toContain(SECRET);
  });

  it.each(["initialize", "notifications/initialized", "tools/list"])(
    "that does not answer %s fails its list after its time, and is not waited for any longer",
    async (method) => {
      const left = gate();
      const server = await startHttpServer({
        instead: (_, res, body) => {
          if (body?.method !== method) return false;
          res.on("close", () => left.open());
          return true;
        },
      });
      const { vr } = await start([says("without")], {}, { connectTimeoutMs: 200 });
      expect(await listError(vr, [entry("odd", { server_url: server.url })])).toBe(
        'The MCP server "odd" is unavailable: it has not answered within 200 ms',
      );
      await left.promise;
    },
  );

  it("that fails at length is told of in short", async () => {
    const server = await startHttpServer({
      instead: (_, res, body) => {
        const result = {
          protocolVersion: "9".repeat(100_000),
          capabilities: {},
          serverInfo: { name: "odd", version: "1" },
        };
        res.writeHead(200, { "content-type": "application/json" });
        res.end(JSON.stringify({ jsonrpc: "2.0", id: body?.id, result }));
        return true;
      },
    });
    const { vr } = await start([says("without")]);
    const said = await listError(vr, [entry("odd", { server_url: server.url })]);
    expect(said?.length).toBeLessThan(2_100);
  });

  it("that quotes its URL gives no token away, be it in the path", async () => {
    const server = await startHttpServer({
      instead: (req, res) => {
        res.writeHead(403).end(`not you: ${req.url}`);
        return true;
      },
    });
    const { vr } = await start([says("without")]);
    const tools = [entry("odd", { server_url: `${server.url}/${SECRET}/mcp?key=${SECRET}-too` })];
    const { response, events } = await vr.stream({ tools });
    expect(response.output[0]).toMatchObject({ error: expect.stringContaining("not you: ") });
    expect(JSON.stringify([events, vr.log])).not.toContain(SECRET);
  });

  it("goes on with the calls of others when one client leaves", async () => {
    const server = await startHttpServer();
    const { vr } = await start([callsOdd(["hangs"]), callsOdd(["progresses", { times: 10 }]), says("done")]);
    const tools = [entry("odd", { server_url: server.url, require_approval: "never" })];
    const leaving = await vr.open({ tools });
    await leaving.until("response.mcp_call_arguments.done");
    await expect.poll(() => server.count("tools/call")).toBe(1);
    const staying = vr.stream({ tools });
    await expect.poll(() => server.count("tools/call")).toBe(2);
    leaving.leave();
    expect(callsOf(await staying)).toMatchObject([{ output: "there at last" }]);
    expect(server.count("notifications/cancelled")).toBe(1);
    expect(server.count("initialize")).toBe(1);
  });

  it("is not connected to any more when nobody waits and another needs the place", async () => {
    const ended = gate();
    const silent = await startHttpServer({
      instead: (_, res) => {
        res.on("close", () => ended.open());
        return true;
      },
    });
    const server = await startHttpServer();
    const { vr } = await start(Array(20).fill(says("done")), { maxConnections: 1 });
    const leaving = new AbortController();
    const left = fetch(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "hello", tools: [entry("odd", { server_url: silent.url })] }),
      signal: leaving.signal,
    });
    await expect.poll(() => silent.count("initialize")).toBe(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    const tools = [entry("odd", { server_url: server.url })];
    await expect.poll(async () => (await listError(vr, tools)) ?? "listed").toBe("listed");
    await ended.promise;
  });

  it("does not take the place of connections in use", async () => {
    const server = await startHttpServer();
    const { vr } = await start([callsOdd(["hangs"]), says("second")], { maxConnections: 1 });
    const first = await vr.open({
      tools: [entry("odd", { server_url: server.url, require_approval: "never" })],
    });
    await first.until("response.mcp_call_arguments.done");
    await expect.poll(() => server.count("tools/call")).toBe(1);
    const { response } = await vr.stream({ tools: [entry("odd", { server_url: `${server.url}?other` })] });
    expect(response.output[0]).toMatchObject({ error: expect.stringContaining("too many connections") });
    first.leave();
  });
});

describe("one host", () => {
  /** Names of hosts all lead to this one. */
  const resolve = async () => ["127.0.0.1"];

  it("leaves places for others, however its URLs are written", async () => {
    const server = await startHttpServer();
    const turns = [callsOdd(["hangs"]), ...Array(9).fill(says("done"))];
    const { vr } = await start(turns, { maxConnectionsPerHost: 1, resolve });
    const at = (host: string) => server.url.replace("127.0.0.1", host);
    const first = await vr.open({
      tools: [entry("odd", { server_url: at("one.example"), require_approval: "never" })],
    });
    await first.until("response.mcp_call_arguments.done");
    await expect.poll(() => server.count("tools/call")).toBe(1);
    const full = 'The gateway has too many connections to MCP servers at "one.example" at the moment.';
    for (const url of [`${at("one.example")}?other`, at("ONE.example."), "http://one.example:8080/mcp"])
      expect([url, await listError(vr, [entry("odd", { server_url: url })])]).toEqual([url, full]);
    const tokens = entry("odd", { server_url: at("one.example"), authorization: "another" });
    expect(await listError(vr, [tokens])).toBe(full);
    expect(await listError(vr, [entry("odd", { server_url: at("two.example") })])).toBeUndefined();
    expect(server.count("initialize")).toBe(2);
    first.leave();
  });

  it("gives up an unused connection of its own for a new one", async () => {
    const server = await startHttpServer();
    const other = await startHttpServer();
    const { vr } = await start([says("a"), says("b"), says("c")], { maxConnectionsPerHost: 1, resolve });
    const urls = [other.url.replace("127.0.0.1", "other.example"), server.url, `${server.url}?other`];
    for (const server_url of urls)
      expect(await listError(vr, [entry("odd", { server_url })])).toBeUndefined();
    await expect.poll(() => server.received.some(({ method }) => method === "DELETE")).toBe(true);
    expect(other.received.some(({ method }) => method === "DELETE")).toBe(false);
  });
});

it("servers of requests may be turned off", async () => {
  const { vr } = await start([], { enabled: false });
  const { status, error } = await vr.post({ tools: [entry("odd", { server_url: "https://a.example/" })] });
  expect([status, error]).toMatchObject([400, { param: "tools[0].server_url" }]);
});
