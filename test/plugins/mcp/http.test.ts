import { describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { type InProcess, startInProcess } from "../../helpers/in-process.ts";
import { forgetsLate, type HttpServerOptions, startHttpServer } from "../../helpers/mcp/http-server.ts";
import { callsOdd, entry } from "../../helpers/mcp/odd.ts";
import { gate, type ScriptedTurn, says, scripted } from "../../helpers/scripted.ts";

const SECRET = "s3cr3t-t0k3n-of-the-odd-server";

async function start(turns: readonly ScriptedTurn[], options: HttpServerOptions = {}, more: object = {}) {
  const server = await startHttpServer(options);
  const headers = { Authorization: `Bearer ${SECRET}` };
  const model = scripted(...turns);
  const servers = { odd: { url: server.url, headers } };
  const vr = await startInProcess({ plugins: [model, mcp({ servers, ...more })] });
  return { vr, model, server };
}

/** The turns of one response per text, in which the model has the server say it. */
const echoes = (...texts: string[]): ScriptedTurn[] =>
  texts.flatMap((text) => [callsOdd(["echo", { text }]), says("done")]);

const callsOf = ({ response }: Awaited<ReturnType<InProcess["stream"]>>) =>
  response.output.filter((item) => item.type === "mcp_call");

describe.each(["json", "events", "sse"] as const)("a server that speaks %s", (speaks) => {
  it("is connected to once, with the configured headers", async () => {
    const { vr, server } = await start(echoes("one", "two"), { speaks });
    expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([{ output: "one" }]);
    expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([{ output: "two" }]);
    expect(server.count("tools/list")).toBe(1);
    for (const { headers } of server.received) expect(headers.authorization).toBe(`Bearer ${SECRET}`);
  });
});

it.each(["json", "events", "sse"] as const)(
  "over %s an answer that breaks off fails its call at once",
  async (speaks) => {
    const { vr } = await start([callsOdd(["dies"]), says("done")], { speaks });
    expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([
      { status: "failed", error: { type: "mcp_protocol_error" } },
    ]);
  },
);

it.each(["json", "events", "sse"] as const)(
  "over %s an answer that is none fails its call at once, though the stream stays open",
  async (speaks) => {
    const turns = [
      callsOdd(["malformed"], ["malformed_error"], ["malformed_whole"]),
      callsOdd(["echo", { text: "still here" }]),
      says("done"),
    ];
    const { vr } = await start(turns, { speaks, staysOpen: true });
    const calls = callsOf(await vr.stream({ tools: [entry()] }));
    const error = { type: "mcp_protocol_error", ...(speaks === "sse" ? {} : { code: -32_600 }) };
    expect(calls).toMatchObject([{ error }, { error }, { error }, { output: "still here" }]);
  },
);

it("an error that names no call is that of the call whose stream it is in", async () => {
  const turns = [callsOdd(["nobodys_error"]), says("done")];
  const { vr } = await start(turns, { speaks: "events", staysOpen: true });
  expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([
    { error: { type: "mcp_protocol_error", code: -32_700, message: "what was that?" } },
  ]);
});

it.each([
  ["accepted without an answer", 202],
  ["answered with nothing", 204],
])("a call that is %s fails at once", async (_, status) => {
  const { vr } = await start([callsOdd(["pid"]), says("done")], {
    instead: (_, res, body) => {
      if (body?.method !== "tools/call") return false;
      res.writeHead(status).end();
      return true;
    },
  });
  expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([
    { error: { type: "mcp_protocol_error", code: -32_600 } },
  ]);
});

it("over events what is no answer is passed over", async () => {
  const turns = [callsOdd(["garbage"], ["progresses", { times: 2 }]), says("done")];
  const { vr } = await start(turns, { speaks: "events", staysOpen: true });
  expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([
    { output: "all the same" },
    { output: "there at last" },
  ]);
});

describe.each(["json", "events"] as const)("over %s", (speaks) => {
  it("an answer that is too large fails its call and nothing else", async () => {
    const turns = [
      callsOdd(["big", { bytes: 3_000_000 }]),
      callsOdd(["echo", { text: "still here" }]),
      says("done"),
    ];
    const { vr } = await start(turns, { speaks }, { messageBytes: 1_000_000 });
    const [big, echo] = callsOf(await vr.stream({ tools: [entry()] }));
    expect(big).toMatchObject({
      status: "failed",
      error: { type: "mcp_protocol_error", message: "The server's answer is larger than 1000000 bytes." },
    });
    expect(echo).toMatchObject({ output: "still here" });
  });

  it("a session that the server has forgotten is made anew, and the call again", async () => {
    const { vr, server } = await start(echoes("one", "two"), { speaks });
    await vr.stream({ tools: [entry()] });
    server.forget();
    expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([
      { output: "two", status: "completed" },
    ]);
    expect(server.count("initialize")).toBe(2);
  });
});

it("every parallel call is made again in a new session, whenever it hears that the old one is forgotten", async () => {
  const turns = [says("a"), callsOdd(["echo", { text: "late" }], ["echo", { text: "soon" }]), says("done")];
  const { vr, server } = await start(turns, { instead: forgetsLate() });
  await vr.stream({ tools: [entry()] });
  server.forget();
  expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([
    { output: "late" },
    { output: "soon" },
  ]);
  expect(server.count("initialize")).toBe(2);
});

it.each(["json", "events"] as const)(
  "over %s a call that was given up leaves no request open",
  async (speaks) => {
    const ended = gate();
    const instead: HttpServerOptions["instead"] = (_, res, body) => {
      if (body?.method === "tools/call") res.on("close", () => ended.open());
      return false;
    };
    const { vr } = await start(
      [callsOdd(["hangs"]), says("done")],
      { speaks, instead },
      { callTimeoutMs: 100 },
    );
    expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([{ error: { code: -32_001 } }]);
    await ended.promise;
  },
);

it("tools that change all the time are not listed all the time", async () => {
  const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
  const turns = Array.from({ length: 4 }, () => [...Array(6).fill(callsOdd(["pid"])), says("done")]).flat();
  const { vr, server } = await start(turns, {
    speaks: "events",
    instead: (_, res, body) => {
      if (body?.method !== "tools/list") return false;
      const listed = { jsonrpc: "2.0", id: body.id, result: { tools: [{ name: "pid" }] } };
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.end([changed, listed].map((message) => `data: ${JSON.stringify(message)}\n\n`).join(""));
      return true;
    },
  });
  for (let i = 0; i < 4; i++) await vr.post({ tools: [entry()] });
  expect(server.count("tools/call")).toBe(24);
  expect(server.count("tools/list")).toBeLessThan(12);
});

it("a status is told as one", async () => {
  let isDown = false;
  const { vr } = await start(echoes("x"), {
    instead: (req, res) => {
      if (!isDown || req.method !== "POST") return false;
      res.writeHead(503).end(`no room for ${SECRET}`);
      return true;
    },
  });
  await expect.poll(async () => (await fetch(`${vr.url}/v1/mcp/servers/odd/tools`)).status).toBe(200);
  isDown = true;
  expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([
    {
      status: "failed",
      error: { type: "http_error", code: 503, message: "The server answered 503: no room for [redacted]" },
    },
  ]);
});

it("a status that is none is told, and its answer not kept open", async () => {
  const ended = gate();
  const { vr } = await start([says("without it")], {
    instead: (_, res) => {
      res.on("close", () => ended.open());
      res.writeHead(999).write("never ends");
      return true;
    },
  });
  const { response } = await vr.stream({ tools: [entry()] });
  expect(response.output[0]).toMatchObject({
    error: 'The MCP server "odd" is unavailable: the server answered 999, which is not a valid status',
  });
  await ended.promise;
});

it("a server that has gone becomes unavailable, and is found again", async () => {
  const { vr, server } = await start(echoes("x"), {}, { reconnectMinMs: 50 });
  await expect.poll(async () => (await fetch(`${vr.url}/v1/mcp/servers/odd/tools`)).status).toBe(200);
  await server.close();
  expect(callsOf(await vr.stream({ tools: [entry()] }))).toMatchObject([
    { error: { type: "mcp_protocol_error", message: expect.stringContaining("ECONNREFUSED") } },
  ]);
  const listed = (await (await fetch(`${vr.url}/v1/mcp/servers`)).json()) as { data: object[] };
  expect(listed.data[0]).toMatchObject({ status: "unavailable" });
});

it("an answer that is a web page is told as that, not as a status", async () => {
  const instead: HttpServerOptions["instead"] = (req, res) => {
    if (req.method !== "POST") return false;
    res.writeHead(200, { "content-type": "text/html" }).end("<html></html>");
    return true;
  };
  const { vr } = await start([says("without it")], { instead });
  const { response } = await vr.stream({ tools: [entry()] });
  expect(response.output[0]).toMatchObject({
    error: 'The MCP server "odd" is unavailable: Unexpected content type: text/html',
  });
});

it("a server that refuses the credentials is unavailable, and they are not told", async () => {
  const { vr } = await start([says("hi")], {
    instead: (req, res) => {
      res.writeHead(401).end(`bad token: ${req.headers.authorization}`);
      return true;
    },
  });
  const { response } = await vr.stream({ tools: [entry()] });
  expect(response.output[0]).toMatchObject({
    type: "mcp_list_tools",
    error: 'The MCP server "odd" is unavailable: The server answered 401: bad token: [redacted]',
  });
  expect(JSON.stringify(vr.log)).not.toContain(SECRET);
});
