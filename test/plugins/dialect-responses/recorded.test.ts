/** What real servers that speak the Responses API themselves said: vLLM 0.32, llama.cpp and Ollama 0.17. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Plugin } from "../../../core/plugin.ts";
import { llamaCpp } from "../../../plugins/upstream-llama-cpp/index.ts";
import { ollama } from "../../../plugins/upstream-ollama/index.ts";
import { openai } from "../../../plugins/upstream-openai/index.ts";
import { vllm } from "../../../plugins/upstream-vllm/index.ts";
import { bothWays } from "../../helpers/both-ways.ts";
import { type ChatServer, createChatServer, fixture, json } from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { clock } from "../../helpers/native.ts";
import { called, events, message, responseOf, says, thought, told } from "../../helpers/responses-says.ts";
import { recorded, recordedEvents } from "../../helpers/responses-server.ts";

let server: ChatServer;
beforeEach(async () => {
  server = await createChatServer();
});
afterEach(() => server.close());

const families = { vllm, llamaCpp, ollama, openai };
const native = (family: keyof typeof families): Plugin =>
  families[family]({ baseUrl: server.url, api: "responses", retries: 0 });
/** Both ways ask once each. */
const both = async (
  family: keyof typeof families,
  script: ReturnType<typeof recorded>,
  body: object = {},
) => {
  server.reply(script, script);
  return bothWays(() => ({ plugins: [native(family)] }), body);
};

const cut = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };

function nullsIn(value: unknown, path = ""): string[] {
  if (value === null) return [path];
  if (typeof value !== "object") return [];
  return Object.entries(value as object).flatMap(([name, inside]) => nullsIn(inside, `${path}.${name}`));
}

describe("nulls of optional fields", () => {
  it("of vLLM's function calls never reach a client", async () => {
    const { response, events: streamed } = await both("vllm", recorded("responses/vllm-function-call"), {
      tools: [clock],
    });
    expect(
      recordedEvents("responses/vllm-function-call").flatMap((event) => nullsIn(event.item)),
    ).not.toEqual([]);
    expect(response.output).toMatchObject([{ name: "clock", arguments: '{"city": "Rome"}' }]);
    const items = streamed.flatMap((event) => ("item" in event ? [event.item] : []));
    expect([...items, ...response.output].flatMap((item) => nullsIn(item))).toEqual([]);
  });

  it("are left out of an answer that came whole", async () => {
    const url = new URL("../../fixtures/streams/responses/vllm-function-call.json", import.meta.url);
    server.reply(json(JSON.parse(readFileSync(url, "utf8"))));
    const vr = await startInProcess({ plugins: [native("vllm")] });
    const { response } = await vr.post({ tools: [clock] });
    expect(response.output.flatMap((item) => nullsIn(item))).toEqual([]);
  });

  it.each([
    ["a message", { ...message("msg_1", "noon"), phase: null }],
    ["reasoning", { ...thought("rs_1", "hm"), status: null, content: null }],
    ["a call", { ...called("fc_1", "call_1"), caller: null, namespace: null, async: null }],
    [
      "a search",
      {
        id: "ws_1",
        type: "web_search_call",
        status: "completed",
        action: { type: "search", query: "a", queries: null, sources: null },
      },
    ],
  ])("are left out of %s, streamed and whole", async (_, item) => {
    const { response } = await both("vllm", says(item), { tools: [clock, { type: "web_search" }] });
    expect(response.output).toHaveLength(1);
    expect(nullsIn(response.output)).toEqual([]);
  });

  it("stay where a field must be there", async () => {
    const item = {
      id: "ci_1",
      type: "code_interpreter_call",
      status: "completed",
      container_id: "cntr_1",
      code: null,
      outputs: null,
      agent: null,
    };
    const { response } = await both("vllm", says(item), {
      tools: [{ type: "code_interpreter", container: "cntr_1" }],
    });
    expect(response.output).toEqual([
      {
        id: "ci_1",
        type: "code_interpreter_call",
        status: "completed",
        container_id: "cntr_1",
        code: null,
        outputs: null,
      },
    ]);
  });

  it("stay in what is JSON of somebody else", async () => {
    const tools = [{ name: "a", input_schema: { type: "object", properties: { zone: { default: null } } } }];
    const item = { id: "mcpl_1", type: "mcp_list_tools", server_label: "s", tools, error: null };
    server.reply(says(item));
    const vr = await startInProcess({ plugins: [native("vllm")] });
    const { response } = await vr.post({
      tools: [{ type: "mcp", server_label: "s", server_url: "https://example.org/mcp" }],
    });
    expect(response.output).toEqual([{ id: "mcpl_1", type: "mcp_list_tools", server_label: "s", tools }]);
  });
});

describe("an answer that was cut off", () => {
  it("is incomplete, and so is the item that vLLM calls completed", async () => {
    const { response, events: streamed } = await both("vllm", recorded("responses/vllm-length"), {
      max_output_tokens: 16,
    });
    expect(response).toMatchObject({ ...cut, output: [{ type: "message", status: "incomplete" }] });
    expect(streamed.at(-2)).toMatchObject({
      type: "response.output_item.done",
      item: { status: "incomplete" },
    });
  });

  it.each([
    ["llamaCpp", "responses/llama-cpp-length"],
    ["ollama", "responses/ollama-length"],
  ] as const)("is known by the count of its tokens where %s calls it completed", async (family, name) => {
    const { response } = await both(family, recorded(name), { max_output_tokens: 16 });
    expect(response).toMatchObject({ ...cut, output: [{ type: "message", status: "incomplete" }] });
  });

  it.each(["llamaCpp", "ollama"] as const)(
    "is complete with %s below the limit, and without one",
    async (family) => {
      const name = family === "ollama" ? "responses/ollama-length" : "responses/llama-cpp-length";
      for (const body of [{ max_output_tokens: 17 }, {}]) {
        const { response } = await both(family, recorded(name), body);
        expect(response).toMatchObject({ status: "completed", output: [{ status: "completed" }] });
      }
    },
  );

  it("is what the server says, where that is to be believed", async () => {
    const { response } = await both("openai", recorded("responses/llama-cpp-length"), {
      max_output_tokens: 16,
    });
    expect(response.status).toBe("completed");
  });

  it.each([
    ["a thought", [thought("rs_1", "hm")], ["incomplete"]],
    [
      "an answer behind a thought",
      [thought("rs_1", "hm"), message("msg_1", "noon")],
      [undefined, "incomplete"],
    ],
    [
      "the second of two messages",
      [message("msg_1", "noon"), message("msg_2", "bye")],
      ["completed", "incomplete"],
    ],
    [
      "a call behind a message",
      [message("msg_1", "noon"), called("fc_1", "call_1", '{"a":')],
      ["completed", "incomplete"],
    ],
  ])("leaves %s incomplete, and nothing else", async (_, items, statuses) => {
    const { response } = await both("vllm", saysCut(items), { tools: [clock] });
    expect(response.output.map((item) => ("status" in item ? item.status : undefined))).toEqual(statuses);
  });
});

/** As vLLM ends: its items are completed, whatever the response is. */
function saysCut(items: readonly Record<string, unknown>[]) {
  return events(items.flatMap(told), responseOf(items, cut));
}

describe("tokens that were put into a cache", () => {
  it.each([
    ["cache_write_tokens", { cached_tokens: 3, cache_write_tokens: 2 }],
    ["created_cache_tokens, as vLLM has it", { cached_tokens: 3, created_cache_tokens: 2 }],
  ])("are read from %s", async (_, input_tokens_details) => {
    const usage = { input_tokens: 5, output_tokens: 1, total_tokens: 6, input_tokens_details };
    server.reply(json(responseOf([message("msg_1", "noon")], { usage })));
    const vr = await startInProcess({ plugins: [native("vllm")] });
    const { response } = await vr.post();
    expect(response.usage?.input_tokens_details).toEqual({ cached_tokens: 3, cache_write_tokens: 2 });
  });
});

it("tokens that vLLM put into its cache are read from chat completions too", async () => {
  const details = { cached_tokens: 256, created_cache_tokens: 24, multimodal_tokens: null };
  const usage = {
    prompt_tokens: 280,
    completion_tokens: 29,
    total_tokens: 309,
    prompt_tokens_details: details,
  };
  const choices = [{ index: 0, message: { role: "assistant", content: "noon" }, finish_reason: "stop" }];
  server.reply(json({ object: "chat.completion", choices, usage }));
  const vr = await startInProcess({ plugins: [vllm({ baseUrl: server.url })] });
  const { response } = await vr.post();
  expect(response.usage?.input_tokens_details).toEqual({ cached_tokens: 256, cache_write_tokens: 24 });
});

it("a server that says that it has begun and breaks off is a 502", async () => {
  server.reply(fixture("responses/vllm-bad-schema"));
  const vr = await startInProcess({ plugins: [native("vllm")] });
  expect((await vr.stream()).status).toBe(502);
});

describe("what a server's Responses API does not do", () => {
  const zone = { type: "object", properties: { zone: { type: "string" } } };
  const tools = ["clock", "calendar"].map((name) => ({ type: "function", name, parameters: zone }));
  const format = { type: "json_schema", name: "p", strict: true, schema: { type: "object", properties: {} } };
  const ask = async (family: keyof typeof families, body: object, options: object = {}) => {
    server.reply(json(responseOf([message("msg_1", "noon")])));
    const plugin = families[family]({ baseUrl: server.url, api: "responses", retries: 0, ...options });
    const answer = await (await startInProcess({ plugins: [plugin] })).post(body);
    return { answer, sent: server.requests[0]?.body };
  };

  it.each([format, { type: "json_object" }])(
    "llama.cpp ignores text.format: %o is a 400 that names it",
    async (asked) => {
      const { answer } = await ask("llamaCpp", { text: { format: asked } });
      expect(answer).toMatchObject({ status: 400, error: { param: "text.format" } });
      expect(server.requests).toEqual([]);
    },
  );

  it("llama.cpp may be asked for it all the same, or without it and with a warning, by quirk", async () => {
    const quirks = (fate: string) => ({ quirks: { nativeParameters: { "text.format": fate } } });
    const sent = await ask("llamaCpp", { text: { format } }, quirks("send"));
    expect(sent.sent.text).toMatchObject({ format: { type: "json_schema" } });
    const dropped = await ask("llamaCpp", { text: { format } }, quirks("drop"));
    expect(server.requests[1]?.body.text).toBeUndefined();
    expect(dropped.answer.headers.get("x-vr-warning")).toContain("text.format");
  });

  it("llama.cpp takes no names in tool_choice: the function is shown alone, and must be called", async () => {
    const { sent } = await ask("llamaCpp", { tools, tool_choice: { type: "function", name: "calendar" } });
    expect(sent).toMatchObject({ tools: [{ name: "calendar" }], tool_choice: "required" });
  });

  it.each(["required", "auto"])("llama.cpp is shown the allowed tools alone, with %s", async (mode) => {
    const allowed = { type: "allowed_tools", mode, tools: [{ type: "function", name: "clock" }] };
    const { sent } = await ask("llamaCpp", { tools, tool_choice: allowed });
    expect(sent.tools).toMatchObject([{ name: "clock" }]);
    expect(sent.tool_choice).toBe(mode === "auto" ? undefined : mode);
  });

  it.each(["required", { type: "function", name: "clock" }])(
    "Ollama calls what it likes: tool_choice %o is a 400",
    async (choice) => {
      const { answer } = await ask("ollama", { tools, tool_choice: choice });
      expect(answer).toMatchObject({ status: 400, error: { param: "tool_choice" } });
    },
  );

  it("Ollama is shown no tools where none may be called", async () => {
    const { answer, sent } = await ask("ollama", { tools, tool_choice: "none" });
    expect(answer.status).toBe(200);
    expect(sent.tools).toBeUndefined();
  });

  it("Ollama is told of a strict tool and of one call at a time with a warning", async () => {
    const strict = [{ ...tools[0], strict: true }];
    const { answer, sent } = await ask("ollama", { tools: strict, parallel_tool_calls: false });
    expect(answer.headers.get("x-vr-warning")).toMatch(/tools\.strict.*parallel_tool_calls/s);
    expect(sent).not.toHaveProperty("parallel_tool_calls");
    expect(JSON.stringify(sent.tools)).not.toContain('"strict":true');
  });

  it("Ollama holds to text.format, which is sent", async () => {
    const { sent } = await ask("ollama", { text: { format } });
    expect(sent.text.format).toMatchObject({ type: "json_schema" });
  });

  it("vLLM and OpenAI are sent everything as it came", async () => {
    const body = { tools, tool_choice: { type: "function", name: "clock" }, text: { format } };
    for (const family of ["vllm", "openai"] as const) {
      await ask(family, body);
      expect(server.requests.at(-1)?.body).toMatchObject({
        tools: [{ name: "clock" }, { name: "calendar" }],
        tool_choice: { type: "function", name: "clock" },
        text: { format: { type: "json_schema" } },
      });
    }
  });
});
