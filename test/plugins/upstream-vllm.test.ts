import { describe, expect, it, onTestFinished } from "vitest";
import { describeUpstream } from "../contract/upstream.ts";
import { createChatServer, fixture, json } from "../helpers/chat-server.ts";
import { startFamily } from "../helpers/families/start.ts";
import { told } from "../helpers/families/told.ts";
import { vllm } from "../helpers/families/vllm.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { recorded } from "../helpers/responses-server.ts";

describeUpstream(vllm);

describe("vLLM", () => {
  it("without a reasoning parser: a thought that the chat template has opened ends at </think>", async () => {
    const { vr, server } = await startFamily(vllm, { quirks: { thinkTags: "opened" } });
    server.reply(fixture("vllm-opened-thought"), fixture("vllm-opened-thought", 5));
    for (let i = 0; i < 2; i += 1) {
      const { response } = await vr.stream();
      expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
      expect(told(response)).toEqual({ reasoning: "One and one is two.\n", text: "Two.", usage: [14, 16] });
    }
  });

  it.each([
    ["structured_outputs", { structured_outputs: { json: { type: "object" } } }],
    ["guided_json", { guided_json: { type: "object" } }],
  ] as const)("holds to a schema by its own field, if the quirk says so: %s", async (form, expected) => {
    const { vr, server } = await startFamily(vllm, { quirks: { structuredOutput: form } });
    await vr.post({ text: { format: { type: "json_schema", name: "thing", schema: { type: "object" } } } });
    expect(server.requests[0]?.body).toMatchObject(expected);
    expect(server.requests[0]?.body).not.toHaveProperty("response_format");
  });

  it("an old one gets reasoning back under its old name", async () => {
    const { vr, server } = await startFamily(vllm, { quirks: { reasoningField: "reasoning_content" } });
    const thought = {
      type: "reasoning",
      id: "rs_1",
      summary: [],
      content: [{ type: "reasoning_text", text: "hm" }],
    };
    const call = { type: "function_call", call_id: "call_0", name: "clock", arguments: "{}" };
    const output = { type: "function_call_output", call_id: "call_0", output: "noon" };
    await vr.post({ input: [thought, call, output] });
    expect(server.requests[0]?.body.messages[0]).toMatchObject({ reasoning_content: "hm" });
  });

  const closed = {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  };
  /** A server that answers anything, asked through either API. */
  async function startThrough(api: "chat" | "responses") {
    const server = await createChatServer();
    onTestFinished(() => server.close());
    return {
      server,
      vr: await startInProcess({ plugins: [vllm.plugin({ baseUrl: server.url, api, retries: 0 })] }),
    };
  }
  const tool = (strict?: boolean) => ({ type: "function", name: "f", parameters: closed, strict });

  it.each([
    ["chat", undefined],
    ["responses", recorded("responses/openai-refusal")],
  ] as const)(
    "%s: holds arguments to a closed schema, which it does with strict: true alone",
    async (api, says) => {
      const { vr, server } = await startThrough(api);
      for (const strict of [undefined, true, false]) {
        if (says) server.reply(says);
        await vr.post({ tools: [tool(strict)] });
      }
      const sent = server.requests.map(({ body }) => (body.tools[0].function ?? body.tools[0]).strict);
      expect(sent).toEqual([true, true, undefined]);
    },
  );

  it.each(["chat", "responses"] as const)(
    "%s: asks again without where it can make no grammar",
    async (api) => {
      const { vr, server } = await startThrough(api);
      const refusal = json(vllm.refusal("Invalid grammar specification: 'triggers'") as object, 400);
      const says = api === "chat" ? vllm.says({ text: "Hi." }) : recorded("responses/openai-refusal");
      server.reply(refusal, says, refusal);
      const { status, headers } = await vr.post({ tools: [tool()] });
      expect([status, headers.get("x-vr-warning"), server.requests.length]).toEqual([200, null, 2]);
      // A client that asks for it is told.
      expect([(await vr.post({ tools: [tool(true)] })).status, server.requests.length]).toEqual([400, 3]);
    },
  );

  it("is sent no tools where none may be called", async () => {
    const { vr, server } = await startFamily(vllm);
    await vr.post({ tools: [tool()], tool_choice: "none" });
    expect(server.requests[0]?.body).not.toHaveProperty("tools");
    expect(server.requests[0]?.body).not.toHaveProperty("tool_choice");
  });

  const extra = {
    ...{
      top_k: 20,
      min_p: 0.1,
      seed: 7,
      stop: ["."],
      repetition_penalty: 1.1,
      ignore_eos: true,
      priority: 0,
    },
    ...{ chat_template_kwargs: { enable_thinking: false }, logit_bias: { "5": -100 }, cache_salt: "salt" },
  };

  it.each(["chat", "responses"] as const)(
    "%s: takes sampling parameters beyond the API, and penalties",
    async (api) => {
      const { vr, server } = await startThrough(api);
      if (api === "responses") server.reply(recorded("responses/openai-refusal"));
      const penalties = { frequency_penalty: 0.5, presence_penalty: -1 };
      const { status, headers } = await vr.post({ ...extra, ...penalties });
      expect([status, headers.get("x-vr-warning")]).toEqual([200, null]);
      expect(server.requests[0]?.body).toMatchObject({ ...extra, ...penalties });
    },
  );
});
