/**
 * Opt-in: VR_REAL_VLLM=1, after install.sh. What a model of 135M parameters says is nonsense; that it arrives in the
 * right shape, and what the server does meanwhile, is what is tested.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ask, askStreamed, post, textOf } from "../../helpers/ask.ts";
import { type Gateway, startGateway } from "../../helpers/gateway.ts";
import { person } from "../../helpers/person.ts";
import { readSse } from "../../helpers/sse.ts";
import { tempConfig } from "../../helpers/temp-folder.ts";
import { expectValidError } from "../../wire/wire.ts";
import { type RealVllm, startRealVllm } from "./server.ts";

// A model that shares its processors with other work takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

const parameters = {
  type: "object",
  properties: { city: { type: "string", maxLength: 20 } },
  required: ["city"],
  additionalProperties: false,
};
const tools = ["get_weather", "get_time"].map((name) => ({
  type: "function",
  name,
  strict: true,
  parameters,
}));
let vllm: RealVllm;
beforeAll(async () => {
  vllm = await startRealVllm();
});
afterAll(() => vllm?.stop());

describe.each(["chat", "responses"] as const)(`a real vLLM, asked with api: "%s"`, (api) => {
  let gateway: Gateway;
  beforeAll(async () => {
    const upstream = `vllm({ baseUrl: "${vllm.url}", api: "${api}" })`;
    gateway = await startGateway({ config: tempConfig(`{ plugins: [${upstream}, storeSqlite()] }`) });
  });
  afterAll(() => gateway?.stop());

  describe.each(["unstreamed", "streamed"] as const)("%s", (how) => {
    /** What is sent is checked against the specification. */
    async function send(body: object) {
      const whole = { model: "smollm2", temperature: 0, ...body };
      return how === "streamed" ? (await askStreamed(gateway, whole)).response : ask(gateway, whole);
    }

    it("answers with text and counts tokens", async () => {
      const response = await send({ input: "What is the capital of France?", max_output_tokens: 60 });
      expect(response.status).toBe("completed");
      expect(textOf(response)).toMatch(/Paris/);
      expect(response.usage?.input_tokens).toBeGreaterThan(10);
      expect(response.usage?.output_tokens).toBeGreaterThan(0);
      expect(JSON.stringify(response.output)).not.toContain("null");
    });

    it("ends as incomplete at max_output_tokens, and so does its message", async () => {
      const response = await send({ input: "Tell me a long story.", max_output_tokens: 16 });
      expect(response).toMatchObject({
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        usage: { output_tokens: 16 },
      });
      expect(response.output.at(-1)).toMatchObject({ type: "message", status: "incomplete" });
    });

    it("keeps to a JSON schema", async () => {
      const response = await send({
        input: "Describe a person.",
        max_output_tokens: 100,
        text: { format: person },
      });
      const told = JSON.parse(textOf(response));
      expect(told).toEqual({ name: expect.any(String), age: expect.any(Number) });
      expect(told.age).toBeLessThanOrEqual(120);
    });

    it("calls the function that it must, and goes on with its output", async () => {
      const called = await send({
        input: "What is the weather in Paris?",
        tools,
        tool_choice: { type: "function", name: "get_time" },
        max_output_tokens: 100,
      });
      const [call] = called.output.filter((item) => item.type === "function_call");
      expect(call).toMatchObject({ name: "get_time", status: "completed" });
      expect(JSON.parse(call?.arguments ?? "")).toEqual({ city: expect.any(String) });
      expect(JSON.stringify(called.output)).not.toContain("null");

      const answered = await send({
        previous_response_id: called.id,
        input: [{ type: "function_call_output", call_id: call?.call_id, output: "It is noon." }],
        tools,
        max_output_tokens: 40,
      });
      expect(answered.previous_response_id).toBe(called.id);
      expect(answered.output.length).toBeGreaterThan(0);
    });

    it("shows its thought as reasoning before the message", async () => {
      const response = await send({
        input: "Is Paris in France?",
        reasoning: { effort: "low" },
        max_output_tokens: 200,
      });
      expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
      expect(JSON.stringify(response.output)).not.toContain("think>");
    });

    it.each([
      ["the context is full", { input: "again and ".repeat(2500) }, "context_length_exceeded", null],
      ["there is no such model", { model: "nope", input: "hi" }, "model_not_found", "model"],
      [
        "more is asked for than it can give",
        { input: "hi", max_output_tokens: 5_000 },
        null,
        "max_output_tokens",
      ],
    ])("says that %s, as OpenAI does", async (_, body, code, param) => {
      const whole = { model: "smollm2", stream: how === "streamed", ...body };
      const answer = await post(gateway, whole);
      const { error } = expectValidError(await answer.json());
      expect([400, 404]).toContain(answer.status);
      expect(error).toMatchObject({ code, param });
    });
  });

  it("stops to compute when the client leaves", async () => {
    const leaving = new AbortController();
    const body = {
      model: "smollm2",
      stream: true,
      input: "Tell me a story without end.",
      max_output_tokens: 1_800,
    };
    const answer = await post(gateway, body, { signal: leaving.signal });
    const frames = readSse(answer);
    for (let next = await frames.next(); !next.done; next = await frames.next())
      if (next.value.event === "response.output_text.delta") break;
    expect(await vllm.running()).toBe(1);
    leaving.abort();
    await expect.poll(() => vllm.running(), { timeout: 30_000 }).toBe(0);
  });

  it("answers 20 clients at once", async () => {
    const input = (i: number) => `Count to ${i}.`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        askStreamed(gateway, { model: "smollm2", input: input(i), max_output_tokens: 24 }),
      ),
    );
    for (const { response } of answers) {
      expect(["completed", "incomplete"]).toContain(response.status);
      expect(textOf(response)).not.toBe("");
    }
    expect(new Set(answers.map(({ response }) => response.id)).size).toBe(20);
    expect(await vllm.running()).toBe(0);
  });

  it("reads what it read before from its cache, in five turns", async () => {
    const instructions = `You are ${api}. ${"You answer in one short sentence. ".repeat(30)}`;
    let previous: string | undefined;
    const cached: number[] = [];
    const read: number[] = [];
    for (const input of ["Hello.", "Who are you?", "Where is Oslo?", "And Lima?", "Goodbye."]) {
      const { response } = await askStreamed(gateway, {
        model: "smollm2",
        instructions,
        input,
        previous_response_id: previous,
        max_output_tokens: 24,
        temperature: 0,
      });
      previous = response.id;
      cached.push(response.usage?.input_tokens_details.cached_tokens ?? 0);
      read.push(response.usage?.input_tokens ?? 0);
    }
    expect(read).toEqual(read.toSorted((a, b) => a - b));
    expect(cached.slice(1).every((tokens) => tokens > 100)).toBe(true);
  });
});

it("a 200 with an error in it is a 400", async () => {
  const config = tempConfig(`{ plugins: [vllm({ baseUrl: "${vllm.url}" })] }`);
  await using gateway = await startGateway({ config });
  const format = { type: "json_schema", name: "p", schema: { type: "nothing" } };
  const answer = await post(gateway, { model: "smollm2", input: "hi", stream: true, text: { format } });
  expect(answer.status).toBe(400);
});

it("tells the size of the model's context", async () => {
  const config = tempConfig(`{ plugins: [vllm({ baseUrl: "${vllm.url}" })] }`);
  await using gateway = await startGateway({ config });
  const answer = await fetch(`${gateway.url}/v1/models/smollm2`);
  expect(await answer.json()).toMatchObject({ max_model_len: 2048, context_length: 2048 });
});
