import { describe, expect, it, onTestFinished } from "vitest";
import type { Plugin } from "../../../core/plugin.ts";
import { storeKeyv } from "../../../plugins/store-keyv/index.ts";
import { storeSqlite } from "../../../plugins/store-sqlite/index.ts";
import { openaiCompatible } from "../../../plugins/upstream-openai-compatible/index.ts";
import { plugin } from "../../helpers/both-ways.ts";
import {
  answer,
  chunk,
  createChatServer,
  DONE,
  json,
  type Script,
  stream,
} from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { startTwoServers } from "../../helpers/two-servers.ts";

const SIGNED = { extra_content: { google: { thought_signature: "c2lnbmF0dXJl" } } };
const DETAILS = { reasoning_details: [{ type: "reasoning.encrypted", data: "ZW5j", id: "r1", index: 0 }] };
const find = { type: "function", name: "find", parameters: { type: "object", properties: {} } };

/** An answer that calls `name`, signed: streamed or not, as the request asks. */
function signedCall(name: string, args = "{}"): Script {
  const call = { id: "call-1", type: "function", function: { name, arguments: args }, ...SIGNED };
  return (exchange) => {
    if (exchange.request.body.stream !== true)
      return json({
        choices: [
          {
            index: 0,
            message: { content: null, tool_calls: [call], ...DETAILS },
            finish_reason: "tool_calls",
          },
        ],
      })(exchange);
    return stream(
      chunk({ role: "assistant", ...DETAILS }),
      chunk({ tool_calls: [{ index: 0, ...call }] }),
      chunk({}, "tool_calls"),
      DONE,
    )(exchange);
  };
}

/** A server that refuses a conversation in which something is missing, as Gemini's and OpenRouter's do. */
async function strictServer() {
  const server = await createChatServer({
    guard: ({ body }) => {
      const turns = body.messages.filter((message: { tool_calls?: unknown }) => message.tool_calls);
      const isWhole = turns.every(
        (turn: { reasoning_details?: unknown; tool_calls: { extra_content?: unknown }[] }) =>
          JSON.stringify(turn.reasoning_details) === JSON.stringify(DETAILS.reasoning_details) &&
          turn.tool_calls.every(
            (call) => JSON.stringify(call.extra_content) === JSON.stringify(SIGNED.extra_content),
          ),
      );
      return isWhole ? undefined : json([{ error: { code: 400, message: "a signature is missing" } }], 400);
    },
  });
  onTestFinished(() => server.close());
  return server;
}

const tool = (needsApproval = false) =>
  plugin("shelf", ({ tools }) =>
    tools.add({
      name: "find",
      parameters: { type: "object", properties: {} },
      needsApproval,
      execute: () => ({ kind: "output", output: "found" }),
    }),
  );

async function start(plugins: Plugin[] = [], store = storeSqlite()) {
  const server = await strictServer();
  const vr = await startInProcess({
    plugins: [openaiCompatible({ baseUrl: server.url }), ...plugins],
    store,
  });
  return { server, vr };
}

const words = { role: "user", content: "And now?" };

describe("what a model server attached to its answer comes back to it", () => {
  it("in the next turn of the same response", async () => {
    const { server, vr } = await start([tool()]);
    server.reply(signedCall("find"), answer({ text: "Found." }));
    expect((await vr.stream()).response.status).toBe("completed");
    server.reply(signedCall("find"), answer({ text: "Found." }));
    expect((await vr.post()).response.status).toBe("completed");
    expect(server.requests).toHaveLength(4);
  });

  it.each([
    ["SQLite", storeSqlite],
    ["Keyv", storeKeyv],
  ])("from the store (%s), with calls of the client and of the gateway", async (_, store) => {
    const { server, vr } = await start([tool()], store());
    server.reply(
      signedCall("find"),
      answer({ text: "Found." }),
      signedCall("look"),
      answer({ text: "Seen." }),
    );
    const first = await vr.stream();
    const look = { ...find, name: "look" };
    const second = await vr.stream({
      previous_response_id: first.response.id,
      input: [words],
      tools: [look],
    });
    const [called] = second.response.output.filter((item) => item.type === "function_call");
    const output = { type: "function_call_output", call_id: called?.call_id, output: "seen" };
    const third = await vr.post({ previous_response_id: second.response.id, input: [output], tools: [look] });
    const fourth = await vr.post({ previous_response_id: third.response.id, input: [words] });
    expect(fourth.response.status).toBe("completed");
    expect(JSON.stringify(server.requests.at(-1)?.body).split("c2lnbmF0dXJl")).toHaveLength(3);
  });

  it("after the client has denied a call", async () => {
    const { server, vr } = await start([tool(true)]);
    server.reply(signedCall("find"), answer({ text: "Well then." }));
    const first = await vr.post();
    const [asked] = first.response.output.filter((item) => item.type === "mcp_approval_request");
    const no = { type: "mcp_approval_response", approval_request_id: asked?.id, approve: false };
    const second = await vr.post({ previous_response_id: first.response.id, input: [no] });
    expect(second.response.status).toBe("completed");
  });

  it("with a call that the client has approved", async () => {
    const { server, vr } = await start([tool(true)]);
    server.reply(signedCall("find"), answer({ text: "Found." }));
    const first = await vr.post();
    const [asked] = first.response.output.filter((item) => item.type === "mcp_approval_request");
    const yes = { type: "mcp_approval_response", approval_request_id: asked?.id, approve: true };
    const second = await vr.stream({ previous_response_id: first.response.id, input: [yes] });
    const third = await vr.post({ previous_response_id: second.response.id, input: [words] });
    expect([second.response.status, third.response.status]).toEqual(["completed", "completed"]);
    expect(server.requests[2]?.raw).toContain("c2lnbmF0dXJl");
  });

  it("with a call of a tool that nobody offered, and with one whose arguments are no object", async () => {
    const { server, vr } = await start([tool()]);
    server.reply(signedCall("nothing"), signedCall("find", "[1"), answer({ text: "Well then." }));
    const first = await vr.stream();
    expect(first.response.status).toBe("completed");
    expect(server.requests).toHaveLength(3);
    const second = await vr.post({ previous_response_id: first.response.id, input: [words] });
    expect(second.response.status).toBe("completed");
  });

  it("and is shown to no client", async () => {
    const { server, vr } = await start([tool()]);
    server.reply(signedCall("find"), answer({ text: "Found." }));
    const { events, response } = await vr.stream();
    const items = await fetch(`${vr.url}/v1/responses/${response.id}/input_items`);
    const stored = (await vr.get(response.id)).response;
    expect(JSON.stringify([events, stored, await items.json()])).not.toMatch(/c2lnbmF0dXJl|ZW5j|note/);
    expect(server.requests[1]?.raw).toMatch(/c2lnbmF0dXJl.*/);
  });

  it("but not to another server, which takes over", async () => {
    const refused = json({ error: { message: "out of order" } }, 500);
    const { a, b, gateway } = await startTwoServers({
      a: [signedCall("look"), refused],
      b: [answer({ text: "I am b." })],
    });
    const look = { ...find, name: "look" };
    const first = await gateway.post({ model: "m", tools: [look] });
    const output = { type: "function_call_output", call_id: "call-1", output: "seen" };
    await gateway.post({
      model: "m",
      tools: [look],
      previous_response_id: first.response.id,
      input: [output],
    });
    expect(a.requests[1]?.raw).toContain("c2lnbmF0dXJl");
    expect(b.requests[0]?.raw).not.toMatch(/c2lnbmF0dXJl|ZW5j/);
  });
});
