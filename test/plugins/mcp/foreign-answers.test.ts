import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { type HttpServerOptions, startHttpServer } from "../../helpers/mcp/http-server.ts";
import { callsOdd, entry } from "../../helpers/mcp/odd.ts";
import { says, scripted } from "../../helpers/scripted.ts";

type Instead = NonNullable<HttpServerOptions["instead"]>;
type Body = Record<string, unknown> | undefined;

function answerJson(res: ServerResponse, body: Body, answer: object, status = 200): true {
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify({ jsonrpc: "2.0", id: body?.id ?? null, ...answer }));
  return true;
}

/** A response in which the model has the server echo a text, and what the server was sent. */
async function echoed(instead: Instead, version?: string) {
  const server = await startHttpServer({ instead, ...(version === undefined ? {} : { version }) });
  const model = scripted(callsOdd(["echo", { text: "hello" }]), says("done"));
  const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: { url: server.url } } })] });
  const { response } = await vr.stream({ tools: [entry()] });
  return { server, response, calls: response.output.filter((item) => item.type === "mcp_call") };
}

describe("the list of tools ends", () => {
  const echo = { name: "echo", inputSchema: { type: "object", properties: {} } };
  const pages = (next: (cursor: unknown) => unknown): Instead => {
    return (_, res, body) => {
      if (body?.method !== "tools/list") return false;
      const { cursor } = (body.params ?? {}) as { cursor?: unknown };
      return answerJson(res, body, { result: { tools: [echo], nextCursor: next(cursor) } });
    };
  };

  it.each([
    ["at a cursor that is null", null],
    ["at an empty cursor", ""],
    ["at a cursor that is no text", 0],
  ])("%s", async (_, cursor) => {
    const { server, calls } = await echoed(pages(() => cursor));
    expect(calls).toMatchObject([{ output: "hello", status: "completed" }]);
    expect(server.count("tools/list")).toBe(1);
  });

  it("at the same cursor again", async () => {
    const { server, calls } = await echoed(pages(() => "page-2"));
    expect(calls).toMatchObject([{ output: "hello" }]);
    expect(server.count("tools/list")).toBe(2);
  });

  it("at a cursor that was there before", async () => {
    const next: Record<string, string> = { a: "b", b: "c", c: "a" };
    const { server } = await echoed(pages((cursor) => next[String(cursor)] ?? "a"));
    expect(server.count("tools/list")).toBe(4);
  });
});

describe("a session that the server has lost begins anew once", () => {
  const refusals: [string, number, string, object?][] = [
    ["a 404", 404, "Not Found"],
    ["a 400 of the widespread example", 400, "Bad Request: No valid session ID provided"],
    ["a 400 of a server that was started anew", 400, "Bad Request: Server not initialized"],
    ["a 410", 410, "session expired"],
    ["an error that is an ordinary answer", 200, "Session not found", { code: -32_001 }],
  ];
  it.each(refusals)("%s", async (_, status, message, error) => {
    let first: unknown;
    const { server, calls } = await echoed((req, res, body) => {
      if (body?.method !== "tools/call") return false;
      first ??= req.headers["mcp-session-id"];
      if (req.headers["mcp-session-id"] !== first) return false;
      return answerJson(res, body, { error: { code: -32_000, message, ...error } }, status);
    });
    expect(calls).toMatchObject([{ output: "hello", status: "completed" }]);
    expect(server.count("initialize")).toBe(2);
    expect(server.count("tools/call")).toBe(2);
  });

  it("and not again when the new one is lost too", async () => {
    const { server, calls } = await echoed((_, res, body) => {
      if (body?.method !== "tools/call") return false;
      return answerJson(res, body, { error: { code: -32_000, message: "No valid session ID" } }, 400);
    });
    expect(calls).toMatchObject([{ status: "failed", error: { type: "http_error", code: 400 } }]);
    expect(server.count("tools/call")).toBe(2);
  });

  it.each([
    ["a 400 for another reason", 400, "text must not be empty"],
    ["a 400 of a tool that speaks of sessions", 400, "unknown yoga session"],
    ["a tool whose argument is a session of its own", 200, "Invalid session id: the browser has none"],
    ["a 500 that speaks of sessions", 500, "the session handler crashed"],
  ])("not for %s", async (_, status, message) => {
    const { server, calls } = await echoed((_req, res, body) => {
      if (body?.method !== "tools/call") return false;
      return answerJson(res, body, { error: { code: -32_602, message } }, status);
    });
    expect(calls).toMatchObject([{ status: "failed" }]);
    expect(server.count("tools/call")).toBe(1);
  });
});

describe("versions of the protocol", () => {
  it.each(["2031-01-01", "2026-07-28", "draft"])(
    "a server that answers %s is talked to in it",
    async (version) => {
      const { server, calls } = await echoed(() => false, version);
      expect(calls).toMatchObject([{ output: "hello", status: "completed" }]);
      const [first, ...later] = server.received.map(({ headers }) => headers["mcp-protocol-version"]);
      expect(first).toBeUndefined();
      expect(new Set(later)).toEqual(new Set([version]));
    },
  );

  it.each([
    [
      "in the words of a 400",
      400,
      {
        code: -32_000,
        message: "Bad Request: Unsupported protocol version (supported versions: 2024-11-05)",
      },
    ],
    [
      "in an ordinary error's data",
      200,
      { code: -32_602, message: "Unsupported protocol version", data: { supported: ["2024-11-05"] } },
    ],
    ["without saying which it speaks", 400, { code: -32_602, message: "Unsupported protocol version" }],
  ])("a server that refuses the latest %s is asked in one that it speaks", async (_, status, error) => {
    const { server, calls } = await echoed((_req, res, body) => {
      if (body?.method !== "initialize") return false;
      const { protocolVersion } = body.params as { protocolVersion: string };
      return protocolVersion === "2024-11-05" ? false : answerJson(res, body, { error }, status);
    });
    expect(calls).toMatchObject([{ output: "hello" }]);
    expect(server.count("initialize")).toBeLessThanOrEqual(4);
  });

  it("a server that refuses every version is unavailable, and says so", async () => {
    const { server, response } = await echoed((_, res, body) => {
      if (body?.method !== "initialize") return false;
      return answerJson(
        res,
        body,
        { error: { code: -32_602, message: "Unsupported protocol version" } },
        400,
      );
    });
    expect(JSON.stringify(response.output)).toContain("Unsupported protocol version");
    expect(server.count("initialize")).toBeLessThanOrEqual(6);
  });
});

describe("a result of the first protocol is read", () => {
  it.each([
    ["a text", "hello", "hello"],
    ["a value", { temperature: 21 }, '{"temperature":21}'],
    ["content of today", { content: [{ type: "text", text: "hello" }] }, "hello"],
  ])("%s", async (_, toolResult, output) => {
    const { calls } = await echoed((_req, res, body) => {
      if (body?.method !== "tools/call") return false;
      return answerJson(res, body, { result: { toolResult } });
    });
    expect(calls).toMatchObject([{ output, status: "completed" }]);
  });

  it("an error in it is an error", async () => {
    const { calls } = await echoed((_, res, body) => {
      if (body?.method !== "tools/call") return false;
      const toolResult = { isError: true, content: [{ type: "text", text: "out of paper" }] };
      return answerJson(res, body, { result: { toolResult } });
    });
    expect(calls).toMatchObject([{ status: "failed", error: { type: "mcp_tool_execution_error" } }]);
  });
});
