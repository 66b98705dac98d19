import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { openaiCompatible } from "../../../plugins/upstream-openai-compatible/index.ts";
import { plugin } from "../../helpers/both-ways.ts";
import { type ChatServer, createChatServer, json } from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { startHttpServer } from "../../helpers/mcp/http-server.ts";
import { recorded } from "../../helpers/responses-server.ts";

type Json = Record<string, unknown>;

const text = { type: "string" };
/** As tools of the field have them. */
const ODD: Record<string, unknown> = {
  nothing: {},
  draft: { $schema: "http://json-schema.org/draft-07/schema#" },
  required_null: { type: "object", properties: {}, required: null },
  required_among: { type: "object", properties: { coin: text, required: ["coin"] } },
  required_flag: { type: "object", properties: { coin: { type: "string", required: true } } },
  properties_null: { type: "object", properties: null },
  any_value: { type: "object", properties: { data: true } },
  union: {
    anyOf: [
      { type: "object", properties: { x: text } },
      { type: "object", properties: { y: text } },
    ],
  },
};
const UNUSABLE = { type: "array", items: text };

/** Why a strict server refuses the whole request, because of one function. */
function problemOf(parameters: unknown): string | undefined {
  const { type, properties, required, anyOf } = (parameters ?? {}) as Json;
  if (type !== "object" || typeof properties !== "object" || properties === null) return "no object schema";
  if (required !== undefined && !Array.isArray(required)) return "required is not of type array";
  if (anyOf !== undefined) return "anyOf at the top level";
  for (const property of Object.values(properties)) {
    if (typeof property !== "object" || property === null || Array.isArray(property)) return "no schema";
    if ("required" in property && !Array.isArray(property.required)) return "not of type array";
  }
  return undefined;
}

let server: ChatServer;
beforeEach(async () => {
  server = await createChatServer({
    guard: ({ body }) => {
      const schemas = (body.tools ?? []).map((tool: Json) => (tool.function as Json) ?? tool);
      const problem = schemas.map((tool: Json) => problemOf(tool.parameters)).find((each: unknown) => each);
      return problem ? json({ error: { message: `Invalid schema: ${problem}` } }, 400) : undefined;
    },
  });
});
afterEach(() => server.close());

const namesSent = () =>
  server.requests[0]?.body.tools.map((tool: Json) => ((tool.function as Json) ?? tool).name);

describe.each(["chat", "responses"] as const)("api: %s, before a strict server", (api) => {
  const upstream = () => openaiCompatible({ baseUrl: server.url, api, retries: 0 });
  beforeEach(() => {
    if (api === "responses") server.reply(recorded("responses/openai-refusal"));
  });

  it("functions of clients pass, mended; the client is shown its own", async () => {
    const vr = await startInProcess({ plugins: [upstream()] });
    const tools = Object.entries(ODD).map(([name, parameters]) => ({ type: "function", name, parameters }));
    const { status, response } = await vr.post({ tools });
    expect([status, namesSent()]).toEqual([200, Object.keys(ODD)]);
    expect(response.tools?.map((tool) => (tool as Json).parameters)).toEqual(Object.values(ODD));
  });

  it("one that cannot be used is left out, with a warning that names it", async () => {
    const vr = await startInProcess({ plugins: [upstream()] });
    const good = { type: "function", name: "good", parameters: { type: "object", properties: {} } };
    const bad = { type: "function", name: "bad", parameters: UNUSABLE };
    const { status, headers, response } = await vr.post({ tools: [bad, good] });
    expect([status, namesSent()]).toEqual([200, ["good"]]);
    expect(headers.get("x-vr-warning")).toMatch(/^the tool "bad" was left out: .*"array"$/);
    expect(vr.log.filter(({ message }) => message.includes('the tool "bad"'))).toHaveLength(1);
    expect(response.tools).toHaveLength(2);
  });

  it("tools that a plugin's kind resolves to pass, mended", async () => {
    const tools = Object.entries(ODD).map(([name, parameters]) => ({
      ...{ name, parameters: parameters as Json },
      execute: () => ({ kind: "output" as const, output: "x" }),
    }));
    const kind = plugin("odd", (vr) =>
      vr.tools.kind({ type: "web_search", resolve: () => ({ tools }), items: [] }),
    );
    const vr = await startInProcess({ plugins: [upstream(), kind] });
    const { status } = await vr.post({ tools: [{ type: "web_search" }] });
    expect([status, namesSent()]).toEqual([200, Object.keys(ODD)]);
  });

  it("tools that a tap adds pass, mended", async () => {
    const adding = plugin("adding", (vr) =>
      vr.hooks.beforeUpstream.tap((request) => ({
        ...request,
        tools: [...request.tools, { name: "added", parameters: ODD.required_null as Json }],
      })),
    );
    const vr = await startInProcess({ plugins: [upstream(), adding] });
    expect([(await vr.post()).status, namesSent()]).toEqual([200, ["added"]]);
  });

  it("tools of MCP servers pass, mended; they are listed as they are", async () => {
    const listed = Object.entries(ODD).map(([name, inputSchema]) => ({ name, inputSchema }));
    const tools = await startHttpServer({
      instead(_, res, body) {
        if (body?.method !== "tools/list") return false;
        res.writeHead(200, { "content-type": "application/json" });
        res.end(JSON.stringify({ jsonrpc: "2.0", id: body.id, result: { tools: listed } }));
        return true;
      },
    });
    const vr = await startInProcess({ plugins: [upstream(), mcp({ servers: { odd: { url: tools.url } } })] });
    const { status, response } = await vr.post({ tools: [{ type: "mcp", server_label: "odd" }] });
    expect([status, namesSent()]).toEqual([200, Object.keys(ODD).map((name) => `odd__${name}`)]);
    const [list] = response.output as unknown as { tools: { input_schema: unknown }[] }[];
    expect(list?.tools.map(({ input_schema }) => input_schema)).toEqual(Object.values(ODD));
  });
});
