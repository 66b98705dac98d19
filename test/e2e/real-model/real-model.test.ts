/**
 * Opt-in: VR_REAL_MODEL=1, after fetch.sh. What a model of 135M parameters says is nonsense; that it arrives
 * in the right shape is what is tested.
 */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Gateway, startGateway } from "../../helpers/gateway.ts";
import { person } from "../../helpers/person.ts";
import { collectSse } from "../../helpers/sse.ts";
import { expectValidError, expectValidResponse, expectValidStream } from "../../wire/wire.ts";
import { type RealModel, startRealModel } from "./server.ts";

// A model that shares its processors with other work takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const wanted = process.env.VR_REAL_MODEL === "1";
const title = wanted ? "a real model" : "a real model (skipped: needs VR_REAL_MODEL=1 and fetch.sh)";

const weather = {
  type: "function",
  name: "get_weather",
  description: "Current weather of a city",
  strict: true,
  parameters: {
    type: "object",
    properties: { city: { type: "string", maxLength: 20 } },
    required: ["city"],
    additionalProperties: false,
  },
} as const;

type Create = Omit<OpenAI.Responses.ResponseCreateParamsNonStreaming, "stream">;

describe.runIf(wanted).each(["unstreamed", "streamed"] as const)(`${title}, %s`, (how) => {
  let model: RealModel;
  let gateway: Gateway;
  let openai: OpenAI;

  beforeAll(async () => {
    model = await startRealModel("tools");
    gateway = await startGateway({ env: { VR_UPSTREAM: model.url } });
    openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
  });
  afterAll(async () => {
    await gateway?.stop();
    await model?.stop();
  });

  /** Asks through the SDK; what it was sent is validated, its own reading of it returned. */
  async function ask(body: Create): Promise<OpenAI.Responses.Response> {
    const deterministic = { ...body, temperature: 0 };
    if (how === "unstreamed") {
      const response = await openai.responses.create(deterministic);
      expectValidResponse(plain(response));
      return response;
    }
    const raw = await openai.responses.create({ ...deterministic, stream: true }).asResponse();
    const last = expectValidStream(await collectSse(raw));
    const stream = openai.responses.stream(deterministic);
    const response = await stream.finalResponse();
    expect(response.status).toBe(last.status);
    return response;
  }

  it("answers with text and counts tokens", async () => {
    const response = await ask({ model: "real-model", input: "What is the capital of France?" });
    expect(response.status).toBe("completed");
    expect(response.output_text).toMatch(/Paris/);
    expect(response.usage?.output_tokens).toBeGreaterThan(0);
  });

  it("ends as incomplete at max_output_tokens", async () => {
    const response = await ask({
      model: "real-model",
      input: "Tell me a long story.",
      max_output_tokens: 16,
    });
    expect(response.status).toBe("incomplete");
    expect(response.incomplete_details?.reason).toBe("max_output_tokens");
  });

  it("keeps to a JSON schema", async () => {
    const response = await ask({
      model: "real-model",
      input: "Describe a person.",
      max_output_tokens: 100,
      text: { format: person },
    });
    const told = JSON.parse(response.output_text);
    expect(told).toEqual({ name: expect.any(String), age: expect.any(Number) });
    expect(told.age).toBeLessThanOrEqual(120);
  });

  it("calls a function when it must, and goes on with its output", async () => {
    const called = await ask({
      model: "real-model",
      input: "What is the weather in Paris?",
      tools: [weather],
      tool_choice: "required",
      max_output_tokens: 200,
    });
    const [call] = called.output.filter((item) => item.type === "function_call");
    expect(call).toMatchObject({ name: "get_weather", status: "completed" });
    expect(JSON.parse(call?.arguments ?? "")).toEqual({ city: expect.any(String) });

    const answered = await ask({
      model: "real-model",
      previous_response_id: called.id,
      input: [{ type: "function_call_output", call_id: call?.call_id ?? "", output: "Sunny, 24 degrees." }],
      max_output_tokens: 40,
    });
    expect(answered.previous_response_id).toBe(called.id);
    expect(answered.output_text).not.toBe("");
  });

  it("remembers the conversation by previous_response_id", async () => {
    const first = await ask({ model: "real-model", input: "My name is Zarathustra.", max_output_tokens: 40 });
    const alone = await ask({ model: "real-model", input: "What is my name?", max_output_tokens: 40 });
    const next = await ask({
      model: "real-model",
      previous_response_id: first.id,
      input: "What is my name?",
      max_output_tokens: 40,
    });
    expect(next.usage?.input_tokens ?? 0).toBeGreaterThan((alone.usage?.input_tokens ?? 0) + 10);
  });

  it("says that the context is full, with the code that clients act on", async () => {
    const input = "again and ".repeat(1200);
    const stream = how === "streamed";
    const answer = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "real-model", input, stream }),
    });
    expect(answer.status).toBe(400);
    expect(expectValidError(await answer.json()).error.code).toBe("context_length_exceeded");
  });
});

describe.runIf(wanted)(`${title} that thinks`, () => {
  it("shows its thought as a reasoning item before the message", async () => {
    const model = await startRealModel("thinks");
    await using gateway = await startGateway({ env: { VR_UPSTREAM: model.url } });
    const answer = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "What is the capital of France?", temperature: 0, stream: true }),
    });
    const response = expectValidStream(await collectSse(answer));
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    await model.stop();
  });
});

/** What came over the wire: the SDK adds `output_text`. */
function plain(response: OpenAI.Responses.Response): object {
  const { output_text: _, ...sent } = response;
  return sent;
}
