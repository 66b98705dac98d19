import { describe, expect, it } from "vitest";
import { TOOLS } from "../../contract/in-front-of.ts";
import { HANG, json, type Script, stream } from "../../helpers/chat-server.ts";
import { ollama } from "../../helpers/families/ollama.ts";
import { startFamily } from "../../helpers/families/start.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { clockTool } from "../../helpers/native.ts";

interface Told {
  capabilities?: unknown;
  parameters?: unknown;
  model_info?: object;
  /** Of `/api/ps`. */
  running?: unknown;
}

/** Ollama's own API, for one model. */
const telling =
  ({ running, ...shown }: Told): Script =>
  (exchange) =>
    json(exchange.request.path === "/api/show" ? shown : { models: running ?? [] })(exchange);

async function start(told: Told, options: object = {}) {
  const { vr, server } = await startFamily(ollama, options);
  server.replyAside(telling(told));
  return { vr, server };
}

const image = { type: "input_image", image_url: "data:image/png;base64,AA==" };
const ofTool = [
  { type: "function_call", call_id: "call_0", name: "look", arguments: "{}" },
  { type: "function_call_output", call_id: "call_0", output: [image] },
];
const ALL = ["completion", "tools", "vision", "thinking"];
const warningOf = ({ headers }: { headers: Headers }) => headers.get("x-vr-warning");

describe("what Ollama tells of a model", () => {
  it("is asked once, before its first call, however many want to know", async () => {
    const { vr, server } = await start({ capabilities: ALL });
    await Promise.all([vr.post({ model: "a" }), vr.stream({ model: "a" })]);
    await vr.post({ model: "a" });
    await vr.post({ model: "b" });
    expect(server.asides.map(({ method, path, body }) => [method, path, body?.model]).sort()).toEqual([
      ["GET", "/api/ps", undefined],
      ["GET", "/api/ps", undefined],
      ["POST", "/api/show", "a"],
      ["POST", "/api/show", "b"],
    ]);
    expect(server.requests).toHaveLength(4);
  });

  it("is asked with the client's key where that is forwarded", async () => {
    const { vr, server } = await start({ capabilities: ALL }, { auth: "forward" });
    await fetch(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer of-the-client" },
      body: JSON.stringify({ model: "m", input: "hi" }),
    });
    expect(server.asides.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer of-the-client",
      "Bearer of-the-client",
    ]);
  });

  it.each<[string, Script]>([
    ["nothing", json({ error: "not found" }, 404)],
    ["no JSON", ({ response }) => void response.end("<html>")],
    ["null", json(null)],
    [
      "odd kinds",
      json({ capabilities: "vision", parameters: 7, model_info: null, models: [null, { model: 1 }] }),
    ],
    ["half an answer", ({ response, socket }) => void response.write("{", () => socket.destroy())],
  ])("may be %s: it is asked all the same", async (_, script) => {
    const { vr, server } = await startFamily(ollama);
    server.replyAside(script);
    const answer = await vr.post({
      tools: TOOLS,
      input: [{ role: "user", content: [image] }],
      reasoning: { effort: "low" },
    });
    expect([answer.status, warningOf(answer), server.requests.length]).toEqual([200, null, 1]);
  });

  it("is not waited for once the client has left", async () => {
    const { vr, server } = await startFamily(ollama);
    server.replyAside(stream(HANG));
    const leaving = new AbortController();
    const asking = fetch(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "m", input: "hi" }),
      signal: leaving.signal,
    });
    while (server.asides.length < 2) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await expect(asking).rejects.toThrow();
    await vr.close();
    expect(server.requests).toEqual([]);
  });
});

describe.each(["chat", "responses"] as const)("api: %s, a model of Ollama", (api) => {
  const through = async (told: Told) => {
    const { vr, server } = await start(told, { api });
    return { vr, server };
  };

  it("without vision is sent no images, which it would not see: those of messages are refused", async () => {
    const { vr, server } = await through({ capabilities: ["completion"] });
    const { status, error } = await vr.post({ input: [{ role: "user", content: [image] }] });
    expect([status, error.param, server.requests.length]).toEqual([400, "input", 0]);
    expect(error.message).toContain("takes no images");
  });

  it("is refused a prompt that is cut off whatever the tokenizer, in the words on which clients shorten it", async () => {
    const { vr, server } = await through({
      model_info: { "general.architecture": "llama", "llama.context_length": 100 },
    });
    const { status, error } = await vr.post({ input: "word ".repeat(400) });
    expect([status, error.code, server.requests.length]).toEqual([400, "context_length_exceeded", 0]);
    expect(error.message).toContain("100 tokens");
  });
});

describe("a model of Ollama", () => {
  it("without vision is sent a text for the images of tools, and the client is told", async () => {
    const { vr, server } = await start({ capabilities: ["completion", "tools"] });
    const answer = await vr.post({ input: ofTool });
    expect(answer.status).toBe(200);
    expect(warningOf(answer)).toBe("images in tool outputs were left out: the model takes none");
    expect(server.requests[0]?.raw).toContain("[image/png, not shown: this model takes no images]");
  });

  it("with vision is sent them", async () => {
    const { vr, server } = await start({ capabilities: ALL });
    expect((await vr.post({ input: [{ role: "user", content: [image] }] })).status).toBe(200);
    expect(server.requests[0]?.raw).toContain("data:image/png");
  });

  it("that does not think is sent no effort, without being asked first", async () => {
    const { vr, server } = await start({ capabilities: ["completion"] });
    const answer = await vr.post({ reasoning: { effort: "low" } });
    expect([answer.status, warningOf(answer)]).toEqual([
      200,
      "reasoning.effort was left out: the model does not think",
    ]);
    expect(server.requests.map(({ body }) => body.reasoning_effort)).toEqual([undefined]);
  });

  it("without tools is shown none of the gateway's own; a client's are the server's to refuse", async () => {
    const { server } = await start({ capabilities: ["completion"] });
    const vr = await startInProcess({ plugins: [ollama.plugin({ baseUrl: server.url }), clockTool()] });
    const answer = await vr.post();
    expect(warningOf(answer)).toBe("the gateway's tools were left out: the model takes none");
    await vr.post({ tools: [TOOLS[0]] });
    expect(server.requests.map(({ body }) => body.tools?.length)).toEqual([undefined, 2]);
  });

  const prompt = { input: "word ".repeat(100) };
  const MAY_NOT_FIT =
    "the prompt may not fit into the context of 100 tokens; the model server cuts off the rest";

  it.each<[string, Told]>([
    [
      "as it is loaded",
      { running: [{ model: "m:latest", context_length: 100 }], parameters: "num_ctx 9000" },
    ],
    [
      "as its Modelfile says",
      {
        parameters: 'stop "x"\nnum_ctx                        100',
        model_info: { "general.architecture": "a", "a.context_length": 9_000 },
      },
    ],
    ["as it was trained", { model_info: { "general.architecture": "a", "a.context_length": 100 } }],
  ])("warns of a prompt that may be cut off: its context %s", async (_, told) => {
    const { vr } = await start(told);
    expect(warningOf(await vr.post({ ...prompt, model: "m" }))).toBe(MAY_NOT_FIT);
    expect(warningOf(await vr.post({ model: "m" }))).toBeNull();
  });

  it("counts what the model reads, instructions and tools too, and no images", async () => {
    const { vr } = await start({ capabilities: ALL, parameters: "num_ctx 100" });
    const long = "word ".repeat(100);
    const tool = { ...TOOLS[0], description: long };
    for (const asked of [{ instructions: long }, { tools: [tool] }])
      expect(warningOf(await vr.post(asked))).toContain("may not fit");
    const large = { ...image, image_url: `data:image/png;base64,${"A".repeat(4_000)}` };
    expect(warningOf(await vr.post({ input: [{ role: "user", content: [large] }] }))).toBeNull();
  });
});
