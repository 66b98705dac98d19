/** Opt-in, as real-model.test.ts: the example's configuration in front of a server with real weights. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ask, askStreamed } from "../../helpers/ask.ts";
import { told } from "../../helpers/families/told.ts";
import { type Gateway, startGateway } from "../../helpers/gateway.ts";
import { type RealModel, startRealModel } from "./server.ts";

// A model that shares its processors with other work takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const wanted = process.env.VR_REAL_MODEL === "1";
const example = "examples/swap-upstream/llama-cpp.config.ts";
const title = wanted ? example : `${example} (skipped: needs VR_REAL_MODEL=1 and fetch.sh)`;

const question = {
  input: "What is the weather in Paris?",
  temperature: 0,
  max_output_tokens: 120,
  tool_choice: { type: "function", name: "get_weather" },
  tools: ["get_weather", "get_time"].map((name) => ({
    type: "function",
    name,
    strict: true,
    parameters: {
      type: "object",
      properties: { city: { type: "string", maxLength: 20 } },
      required: ["city"],
      additionalProperties: false,
    },
  })),
};

describe.runIf(wanted).each([
  ["in <think> tags", true],
  ["apart", false],
])(`${title}, thoughts %s`, (_, tags) => {
  let model: RealModel;
  let gateway: Gateway;
  beforeAll(async () => {
    model = await startRealModel("thinks-tools", { tags });
    gateway = await startGateway({ config: example, env: { LLAMA_CPP_BASE_URL: model.url } });
  });
  afterAll(async () => {
    await gateway?.stop();
    await model?.stop();
  });

  it.each(["unstreamed", "streamed"])(
    "a thought, a forced call and an answer after a thought, %s",
    async (how) => {
      const send = async (body: object) =>
        how === "streamed" ? (await askStreamed(gateway, body)).response : ask(gateway, body);
      const called = await send(question);
      expect(called.output.map(({ type }) => type)).toEqual(["reasoning", "function_call"]);
      expect(told(called).reasoning).toMatch(/\w/);
      expect(told(called).reasoning).not.toContain("think>");
      expect(told(called).calls).toEqual([["get_weather", { city: expect.any(String) }]]);

      const call = called.output.find((item) => item.type === "function_call");
      const answered = await send({
        previous_response_id: called.id,
        input: [{ type: "function_call_output", call_id: call?.call_id, output: "Sunny, 24 degrees." }],
        temperature: 0,
        max_output_tokens: 80,
      });
      expect(answered.output[0]?.type).toBe("reasoning");
      expect(JSON.stringify(answered.output)).not.toContain("think>");
      expect(answered.usage?.input_tokens).toBeGreaterThan(40);
    },
  );
});
