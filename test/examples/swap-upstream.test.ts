import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, askStreamed } from "../helpers/ask.ts";
import type { Family } from "../helpers/families/family.ts";
import { llamaCpp } from "../helpers/families/llama-cpp.ts";
import { ollama } from "../helpers/families/ollama.ts";
import { openai } from "../helpers/families/openai.ts";
import { createFamilyServer, type FamilyServer } from "../helpers/families/server.ts";
import { told } from "../helpers/families/told.ts";
import { vllm } from "../helpers/families/vllm.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";

const EXAMPLES: [config: string, family: Family, env: (url: string) => Record<string, string>][] = [
  ["vllm", vllm, (url) => ({ VLLM_BASE_URL: url })],
  ["ollama", ollama, (url) => ({ OLLAMA_BASE_URL: url })],
  ["openai", openai, (url) => ({ OPENAI_BASE_URL: url, OPENAI_API_KEY: "test-key" })],
  ["llama-cpp", llamaCpp, (url) => ({ LLAMA_CPP_BASE_URL: url })],
];

const question = {
  input: [
    { role: "developer", content: "Be brief." },
    { role: "user", content: "What is the weather in Paris?" },
  ],
  reasoning: { effort: "low" },
  max_output_tokens: 200,
  tools: [
    {
      type: "function",
      name: "get_weather",
      strict: false,
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  ],
};

describe.each(EXAMPLES)("examples/swap-upstream/%s.config.ts", (config, family, env) => {
  let server: FamilyServer;
  let gateway: Gateway;
  beforeAll(async () => {
    server = await createFamilyServer(family);
    gateway = await startGateway({
      config: `examples/swap-upstream/${config}.config.ts`,
      env: env(server.url),
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await server?.close();
  });

  it("says which server it asks", () => {
    expect(gateway.stdout()).toContain(server.url);
    expect(gateway.stdout()).not.toContain("test-key");
  });

  it.each(["unstreamed", "streamed"])(
    "a thought, a call and an answer: the same request, %s",
    async (how) => {
      const send = async (body: object) =>
        how === "streamed" ? (await askStreamed(gateway, body)).response : ask(gateway, body);
      const thought = family.reasoningField ? { reasoning: "A city is named." } : {};
      server.reply(
        family.says({
          reasoning: "A city is named.",
          calls: [{ id: "call_0", name: "get_weather", args: { city: "Paris" } }],
        }),
        family.says({ text: "Sunny, 24 degrees." }),
      );
      const called = await send(question);
      expect(told(called)).toMatchObject({ ...thought, calls: [["get_weather", { city: "Paris" }]] });

      const answered = await send({
        ...question,
        previous_response_id: called.id,
        input: [{ type: "function_call_output", call_id: "call_0", output: "sunny, 24" }],
      });
      expect(told(answered).text).toBe("Sunny, 24 degrees.");
      const { body } = server.requests.at(-1) ?? {};
      expect(body.messages.slice(1)).toMatchObject([
        { role: "user" },
        { role: "assistant", ...(family.reasoningField && { [family.reasoningField]: "A city is named." }) },
        { role: "tool", content: "sunny, 24" },
      ]);
      expect([server.refused, server.ignored]).toEqual([[], []]);
    },
  );
});
