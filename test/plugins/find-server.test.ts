import { expect, it, onTestFinished } from "vitest";
import { findServer } from "../../plugins/find-server/index.ts";
import { SERVER_KINDS, usualAddress } from "../../plugins/find-server/kinds.ts";
import { namedUpstream } from "../../plugins/find-server/named-upstream.ts";
import { llamaCpp } from "../../plugins/upstream-llama-cpp/index.ts";
import { ollama } from "../../plugins/upstream-ollama/index.ts";
import { openai } from "../../plugins/upstream-openai/index.ts";
import { vllm } from "../../plugins/upstream-vllm/index.ts";
import { createChatServer } from "../helpers/chat-server.ts";
import { startInProcess } from "../helpers/in-process.ts";

it.each([
  ["vllm", vllm],
  ["ollama", ollama],
  ["llama-cpp", llamaCpp],
  ["openai", openai],
] as const)("looks for %s where its plugin has it", async (kind, plugin) => {
  const { gateway } = await startInProcess({ plugins: [plugin()], store: null });
  const [upstream] = gateway.engine.registry.upstreams;
  expect(upstream?.name).toBe(kind);
  expect(upstream?.description).toContain(usualAddress(kind, {}));
});

it("knows OpenAI by its own address, and takes all others as compatible", async () => {
  const nameAt = async (baseUrl: string) => (await namedUpstream({ baseUrl }, {})).name;
  expect(await nameAt("https://api.openai.com/v1")).toBe("upstream-openai");
  expect(await nameAt("https://api.openai.com.example.org/v1")).toBe("upstream-openai-compatible");
  expect(await nameAt("http://127.0.0.1:9/v1")).toBe("upstream-openai-compatible");
});

it("takes no address with a password in it: the start banner would show it", () => {
  const places = (baseUrl: string) => findServer({ places: [{ kind: "vllm", baseUrl }, { kind: "demo" }] });
  expect(() => places("http://me:hunter2@127.0.0.1:8000")).toThrow("places[0].baseUrl: credentials do not");
  expect(() => places("http://:hunter2@127.0.0.1:8000")).toThrow("places[0].baseUrl: credentials do not");
  places("http://127.0.0.1:8000");
});

it("takes every kind as that of an upstream that is named", async () => {
  for (const kind of SERVER_KINDS) {
    const named = { kind, ...(kind === "demo" ? {} : { baseUrl: "http://127.0.0.1:9/v1" }) };
    expect((await namedUpstream(named, {})).name).toMatch(/^(upstream-|demo)/);
  }
});

it("forces LM Studio to call a function by showing it no other: it takes tool_choice as a word only", async () => {
  const server = await createChatServer();
  onTestFinished(() => server.close());
  const plugin = await namedUpstream({ kind: "lm-studio", baseUrl: server.url }, {});
  const vr = await startInProcess({ plugins: [plugin] });
  const tools = ["clock", "weather"].map((name) => ({
    type: "function",
    name,
    parameters: {},
    strict: false,
  }));
  await vr.post({ tools, tool_choice: { type: "function", name: "clock" } });
  expect(server.requests[0]?.body).toMatchObject({
    tool_choice: "required",
    tools: [{ function: { name: "clock" } }],
  });
});
