import { once } from "node:events";
import { request as httpRequest, STATUS_CODES } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ErrorEnvelope } from "../../core/errors.ts";
import { ask, askStreamed, post } from "../helpers/ask.ts";
import {
  answer,
  type ChatServer,
  chunk,
  createChatServer,
  HANG,
  json,
  plain,
  RESET,
  type Script,
  stream,
} from "../helpers/chat-server.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { tempConfig } from "../helpers/temp-folder.ts";
import { expectValidError, expectValidResponse } from "../wire/wire.ts";

const BODY_BYTES = 2_000;
const API_KEY = "upstream-key-0123456789";
const CLIENT_KEY = "client-key-9876543210";
const authorization = `Bearer ${CLIENT_KEY}`;

let server: ChatServer;
/** Small limits, no retries, an API key of its own. */
let gateway: Gateway;
/** Sends the client's own `Authorization` on. */
let forwarding: Gateway;

beforeAll(async () => {
  server = await createChatServer();
  const config = (auth: string) =>
    tempConfig(`{
      plugins: [
        storeSqlite(),
        openaiCompatible({
          baseUrl: "${server.url}", apiKey: "${API_KEY}", auth: "${auth}",
          retries: 0, firstByteTimeoutMs: 1000, idleTimeoutMs: 1000,
        }),
      ],
      limits: { bodyBytes: ${BODY_BYTES}, jsonDepth: 10 },
      logLevel: "debug",
    }`);
  [gateway, forwarding] = await Promise.all([
    startGateway({ config: config("key") }),
    startGateway({ config: config("forward") }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway?.stop(), forwarding?.stop()]);
  await server?.close();
});

const question = { model: "test-model", input: "Hello?" };

/** The envelope of an answer that must have this status, sent with the client's key. */
async function refusal(
  status: number,
  body: unknown,
  init: RequestInit = {},
): Promise<ErrorEnvelope["error"]> {
  const headers = { authorization, ...(init.headers as Record<string, string>) };
  const response = await post(gateway, body, { ...init, headers });
  const text = await response.text();
  expect(`${response.status} ${text}`).toMatch(new RegExp(`^${status} `));
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  return expectValidError(JSON.parse(text)).error;
}

describe("the request", () => {
  const unsupported = { prompt: { id: "pmpt_1" }, moderation: {}, background: true, conversation: "conv_1" };
  const bad: [what: string, body: object, param: string][] = [
    ["no input", { model: "m" }, "input"],
    ["an empty input", { input: [] }, "input"],
    ["a number as input", { input: 5 }, "input"],
    [
      "a part of unknown type",
      { input: [{ role: "user", content: [{ type: "smell" }] }] },
      "input[0].content[0].type",
    ],
    ["a role that is none", { input: [{ role: "ghost", content: "boo" }] }, "input[0].role"],
    ["an item of unknown type", { input: [{ type: "spell" }] }, "input[0].type"],
    ["a temperature out of range", { ...question, temperature: 3 }, "temperature"],
    ["a top_p that is a word", { ...question, top_p: "low" }, "top_p"],
    ["max_output_tokens 0", { ...question, max_output_tokens: 0 }, "max_output_tokens"],
    ["an unknown include", { ...question, include: ["everything"] }, "include[0]"],
    ["a tool of unknown type", { ...question, tools: [{ type: "wand" }] }, "tools[0].type"],
    ["a function without a name", { ...question, tools: [{ type: "function" }] }, "tools[0].name"],
    [
      "an mcp label nobody knows",
      { ...question, tools: [{ type: "mcp", server_label: "x" }] },
      "tools[0].server_label",
    ],
    [
      "a forced tool that is not there",
      { ...question, tool_choice: { type: "function", name: "f" } },
      "tool_choice",
    ],
    [
      "a forced hosted tool without a plugin",
      { ...question, tools: [{ type: "code_interpreter" }], tool_choice: { type: "code_interpreter" } },
      "tool_choice",
    ],
    [
      "stream_options without a stream",
      { ...question, stream_options: { include_obfuscation: true } },
      "stream_options",
    ],
    ["an unknown reasoning effort", { ...question, reasoning: { effort: "heroic" } }, "reasoning.effort"],
    ["a text format that is none", { ...question, text: { format: { type: "yaml" } } }, "text.format.type"],
    [
      "too much metadata",
      { ...question, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ""])) },
      "metadata",
    ],
    ['truncation "auto"', { ...question, truncation: "auto" }, "truncation"],
    [
      "context_management",
      { ...question, context_management: [{ type: "compaction" }] },
      "context_management",
    ],
    ...Object.entries(unsupported).map(([name, value]): [string, object, string] => [
      `${name}, which is not supported`,
      { ...question, [name]: value },
      name,
    ]),
  ];

  it.each(bad)("%s: 400 that names the parameter", async (_, body, param) => {
    const error = await refusal(400, body);
    expect(error).toMatchObject({ type: "invalid_request_error", param });
  });

  it("an output without its call: 400 that names the call_id", async () => {
    const input = [{ type: "function_call_output", call_id: "call_lost", output: "5" }];
    expect((await refusal(400, { input })).message).toContain("call_lost");
  });

  it("a call without its output: 400 that names the call_id", async () => {
    const input = [
      { role: "user", content: "go" },
      { type: "function_call", call_id: "call_open", name: "f", arguments: "{}" },
    ];
    expect((await refusal(400, { input })).message).toContain("call_open");
  });

  it("an unknown previous_response_id: 400 with its own code", async () => {
    const error = await refusal(400, { ...question, previous_response_id: "resp_unknown" });
    expect(error).toMatchObject({ param: "previous_response_id", code: "previous_response_not_found" });
  });

  it("an unknown item_reference: 404", async () => {
    const error = await refusal(404, { input: [{ type: "item_reference", id: "msg_unknown" }] });
    expect(error.param).toBe("input[0].id");
  });

  it.each([
    ["malformed", '{"model": "m", "input": }'],
    ["cut off", '{"model": "m", "inp'],
    ["empty", ""],
    ["an array", "[]"],
    ["a string", '"hello"'],
  ])("JSON that is %s: 400", async (_, body) => {
    expect(await refusal(400, body)).toMatchObject({ type: "invalid_request_error", param: null });
  });

  it("does not quote malformed JSON, which may hold anything", async () => {
    const error = await refusal(400, `{"input": "${CLIENT_KEY}", oops}`);
    expect(error.message).not.toContain(CLIENT_KEY.slice(0, 6));
    expect(error.message).toContain("position");
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
  ])("content type %s: 415", async (type) => {
    await refusal(415, question, { headers: { "content-type": type } });
  });

  it.each(["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"])(
    "content type %s is taken",
    async (type) => {
      server.reply(answer({ text: "Yes." }));
      const response = await post(gateway, question, { headers: { "content-type": type } });
      expect(response.status).toBe(200);
      expectValidResponse(await response.json());
    },
  );

  it("a body over the limit: 413, by its content-length before it is read", async () => {
    const { port } = new URL(gateway.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      `POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${BODY_BYTES + 1}\r\n\r\n`,
    );
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    await once(socket, "end");
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expectValidError(JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)));
    socket.destroy();
  });

  it("a chunked body over the limit: 413, as soon as it is over", async () => {
    const call = httpRequest(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
    });
    // The rest is never sent: who waits for it never answers.
    call.write(`{"input": "${"x".repeat(BODY_BYTES)}`);
    const [response] = await once(call, "response");
    expect(response.statusCode).toBe(413);
    let text = "";
    for await (const part of response) text += part;
    expect(expectValidError(JSON.parse(text)).error.code).toBe("request_too_large");
    call.on("error", () => {}).destroy();
  });

  it("counts bytes, not characters", async () => {
    await refusal(413, { ...question, input: "é".repeat(BODY_BYTES / 2) });
  });

  it("nesting over the limit: 400", async () => {
    const deep = (levels: number) => `{"input": "x", "metadata": ${"[".repeat(levels)}${"]".repeat(levels)}}`;
    expect((await refusal(400, deep(10))).message).toContain("10 levels");
    expect((await refusal(400, deep(9))).param).toBe("metadata");
  });

  it("nesting a hundred thousand levels deep: 400, by a gateway that goes on", async () => {
    const wide = await startGateway();
    const deep = `{"input": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const response = await post(wide, deep);
    expect(response.status).toBe(400);
    expectValidError(await response.json());
    expect((await fetch(`${wide.url}/health`)).status).toBe(200);
    await wide.stop();
  });
});

describe("the address", () => {
  it.each([
    ["GET", "/v1/responses/resp_unknown", 404, "response_not_found"],
    ["DELETE", "/v1/responses/resp_unknown", 404, "response_not_found"],
    ["GET", "/v1/responses/resp_unknown/input_items", 404, "response_not_found"],
    ["GET", "/v1/models/unknown", 404, "model_not_found"],
    ["GET", "/v1/nothing", 404, "unknown_url"],
    ["POST", "/v1/chat/completions", 404, "unknown_url"],
    ["PUT", "/", 404, "unknown_url"],
    ["GET", "/v1/responses", 405, "method_not_allowed"],
    ["PUT", "/v1/responses/resp_unknown", 405, "method_not_allowed"],
    ["POST", "/health", 405, "method_not_allowed"],
    ["PROPFIND", "/health", 405, "method_not_allowed"],
  ])("%s %s: %i", async (method, path, status, code) => {
    const response = await fetch(gateway.url + path, { method });
    expect(response.status).toBe(status);
    expect(expectValidError(await response.json()).error.code).toBe(code);
    expect(response.statusText).toBe(STATUS_CODES[status]);
    if (status === 405) expect(response.headers.get("allow")).toMatch(/[A-Z]+/);
  });

  it.each(["/v1/responses/%E0%A4%A", "/%"])("GET %s, which cannot be decoded: an envelope", async (path) => {
    const response = await fetch(gateway.url + path);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expectValidError(await response.json());
  });
});

describe.each([false, true])("the upstream's failure before its first byte (stream: %s)", (streaming) => {
  const failing = { ...question, stream: streaming };
  const said = (message: string) => ({
    error: { message, type: "some_error", code: "some_code", param: null },
  });

  it.each([
    [400, 400, "invalid_request_error"],
    [401, 401, "authentication_error"],
    [403, 403, "permission_error"],
    [404, 404, "invalid_request_error"],
    [409, 400, "invalid_request_error"],
    [422, 400, "invalid_request_error"],
    [500, 502, "server_error"],
    [502, 502, "server_error"],
    [503, 502, "server_error"],
  ])("%i → %i %s, with what it said", async (status, shown, type) => {
    server.reply(json(said("It will not do."), status));
    const error = await refusal(shown, failing);
    expect(error.type).toBe(type);
    expect(error.message).toContain("It will not do.");
  });

  it("429 → 429 with its Retry-After", async () => {
    server.reply(json(said("slow down"), 429, { "retry-after": "17", "x-ratelimit-limit": "5" }));
    const response = await post(gateway, failing);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("17");
    expect(response.headers.get("x-ratelimit-limit")).toBeNull();
    expect(expectValidError(await response.json()).error.type).toBe("rate_limit_error");
  });

  it("a context that is too long → 400 context_length_exceeded", async () => {
    server.reply(json(said("This model's maximum context length is 8192 tokens."), 400));
    expect((await refusal(400, failing)).code).toBe("context_length_exceeded");
  });

  it("a broken connection → 502", async () => {
    server.reply(({ socket }) => void socket.destroy());
    expect((await refusal(502, failing)).type).toBe("server_error");
  });

  it("silence → 504", async () => {
    server.reply(() => {});
    expect((await refusal(504, failing)).type).toBe("server_error");
  });

  it("an HTML page with status 200 → 502", async () => {
    server.reply(plain("<html>login</html>", 200, { "content-type": "text/html" }));
    const error = await refusal(502, failing);
    expect(error.message).toContain("HTML");
    expect(error.message).not.toContain("login");
  });

  it("a server that is not there → 502", async () => {
    const nowhere = await startGateway({
      config: tempConfig('{ plugins: [openaiCompatible({ baseUrl: "http://127.0.0.1:1/v1", retries: 0 })] }'),
    });
    const response = await post(nowhere, failing);
    expect(response.status).toBe(502);
    const { error } = expectValidError(await response.json());
    expect(error.message).not.toContain("127.0.0.1");
    await nowhere.stop();
  });
});

it("no upstream at all → 503", async () => {
  const empty = await startGateway({ config: tempConfig("{ plugins: [] }") });
  for (const model of ["m", undefined]) {
    const response = await post(empty, { input: "x", model });
    expect(response.status).toBe(503);
    expect(expectValidError(await response.json()).error.code).toBe("no_upstream");
  }
  await empty.stop();
});

describe("the upstream's failure in mid-stream", () => {
  const half = chunk({ content: "Half a " });
  const failures: [what: string, script: Script, code: string][] = [
    ["a broken connection", stream(half, RESET), "server_error"],
    ["an end without finish", stream(half), "server_error"],
    ["silence", stream(half, HANG), "server_error"],
    ["an error event", stream(half, { error: { message: "CUDA", code: 500 } }), "server_error"],
    [
      "a 429 in an error event",
      stream(half, { error: { message: "slow", code: 429 } }),
      "rate_limit_exceeded",
    ],
    [
      "a 400 in an error event",
      stream(half, { error: { message: "bad", type: "BadRequestError", code: 400 } }),
      "invalid_prompt",
    ],
    [
      "the context's end",
      stream(half, { error: { message: "maximum context length is 5", code: 400 } }),
      "context_length_exceeded",
    ],
    ["bytes that are no JSON", stream(half, "data: {oops\n\n"), "server_error"],
  ];

  it.each(failures)("%s → response.failed, and what came before it stays", async (_, script, code) => {
    server.reply(script);
    const { events, response } = await askStreamed(gateway, question);
    expect(events.at(-1)?.type).toBe("response.failed");
    expect(response.error?.code).toBe(code);
    expect(response.output).toMatchObject([{ status: "incomplete", content: [{ text: "Half a " }] }]);
  });

  it("is stored as failed", async () => {
    server.reply(stream(half, RESET));
    const { response } = await askStreamed(gateway, question);
    const stored = await fetch(`${gateway.url}/v1/responses/${response.id}`);
    expect(expectValidResponse(await stored.json())).toEqual(response);
  });

  it("is a plain 502 for a client that does not stream", async () => {
    server.reply(({ response }) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
      response.write('{"choices": [', () => response.destroy());
    });
    expect((await refusal(502, question)).type).toBe("server_error");
  });
});

describe("secrets", () => {
  /** An upstream that repeats in its error all that it was told. */
  const indiscreet =
    (status: number): Script =>
    ({ request, response }) => {
      const { authorization: sent } = request.headers;
      const message = `no access for ${sent}, that is ${sent?.slice("Bearer ".length)}`;
      response
        .writeHead(status, {
          "content-type": "application/json",
          "x-internal": "10.1.2.3",
          "set-cookie": "a=b",
        })
        .end(JSON.stringify({ error: { message, code: sent } }));
    };

  async function everythingOf(response: Response): Promise<string> {
    return JSON.stringify([...response.headers]) + (await response.text());
  }

  it.each([400, 401, 500])("neither key nor headers of the upstream come back with %i", async (status) => {
    for (const streaming of [false, true]) {
      server.reply(indiscreet(status));
      const all = await everythingOf(
        await post(gateway, { ...question, stream: streaming }, { headers: { authorization } }),
      );
      expect(all).toContain("no access for");
      expect(all).not.toMatch(new RegExp(`${API_KEY}|${CLIENT_KEY}|10\\.1\\.2\\.3|set-cookie`));
    }
  });

  it("nor in mid-stream", async () => {
    server.reply(stream(chunk({ content: "a" }), { error: { message: `bad key ${API_KEY}`, code: 401 } }));
    const { response } = await askStreamed(gateway, question);
    expect(response.error?.message).toContain("bad key");
    expect(JSON.stringify(response)).not.toContain(API_KEY);
  });

  it("the client's key stays here; the configured one goes upstream", async () => {
    server.reply(answer({ text: "ok" }));
    const count = server.requests.length;
    await post(gateway, question, { headers: { authorization } });
    const { headers, raw } = await server.received(count + 1);
    expect(headers.authorization).toBe(`Bearer ${API_KEY}`);
    expect(JSON.stringify(headers) + raw).not.toContain(CLIENT_KEY);
  });

  it('auth: "forward" sends the client\'s key instead, and the configured one without it', async () => {
    server.reply(answer({ text: "ok" }), answer({ text: "ok" }));
    const count = server.requests.length;
    await post(forwarding, question, { headers: { authorization } });
    expect((await server.received(count + 1)).headers.authorization).toBe(authorization);
    await post(forwarding, question);
    expect((await server.received(count + 2)).headers.authorization).toBe(`Bearer ${API_KEY}`);
  });

  it("a forwarded key does not come back either", async () => {
    server.reply(indiscreet(401));
    const all = await everythingOf(await post(forwarding, question, { headers: { authorization } }));
    expect(all).toContain("no access for");
    expect(all).not.toContain(CLIENT_KEY);
  });

  it("credentials of tools are not echoed", async () => {
    server.reply(answer({ text: "ok" }));
    const response = await ask(gateway, {
      ...question,
      tools: [
        {
          type: "mcp",
          server_label: "x",
          server_url: "https://mcp.example.com/",
          authorization: CLIENT_KEY,
          headers: { "X-Key": CLIENT_KEY },
        },
      ],
    });
    expect(JSON.stringify(response)).not.toContain(CLIENT_KEY);
  });

  it("nothing of all this is in the logs, at any level", async () => {
    server.reply(indiscreet(500));
    await post(gateway, question, { headers: { authorization } });
    await Promise.all([gateway.stop(), forwarding.stop()]);
    const logs = gateway.stderr() + forwarding.stderr() + gateway.stdout() + forwarding.stdout();
    expect(logs).toContain("the model server answered 500");
    expect(logs).not.toMatch(new RegExp(`${API_KEY}|${CLIENT_KEY}`));
  });
});

describe("unknown parameters", () => {
  it("are ignored, with a warning to the client and in the log", async () => {
    const own = await startGateway();
    for (const streaming of [false, true]) {
      const response = await post(own, { input: "x", stream: streaming, tempreature: 1 });
      expect(response.status).toBe(200);
      expect(response.headers.get("x-vr-warning")).toContain('"tempreature"');
      await response.text();
    }
    await own.stop();
    expect(own.stderr().match(/"level":40.*tempreature/g)).toHaveLength(2);
  });
});
