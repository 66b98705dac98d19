import { describe, expect, it } from "vitest";
import { TOOLS } from "../contract/in-front-of.ts";
import { describeUpstream } from "../contract/upstream.ts";
import { llamaCpp } from "../helpers/families/llama-cpp.ts";
import { startFamily } from "../helpers/families/start.ts";

describeUpstream(llamaCpp);

describe("llama.cpp", () => {
  it("is forced to call one function by being shown no other", async () => {
    const { vr, server } = await startFamily(llamaCpp);
    await vr.stream({ tools: TOOLS, tool_choice: { type: "function", name: "get_time" } });
    expect(server.requests[0]?.body).toMatchObject({
      tool_choice: "required",
      tools: [{ function: { name: "get_time" } }],
    });
  });

  it("is told that calls may be parallel, which is not its default", async () => {
    const { vr, server } = await startFamily(llamaCpp);
    await vr.stream({ tools: TOOLS, parallel_tool_calls: true });
    await vr.stream({ tools: TOOLS });
    expect(server.requests.map(({ body }) => body.parallel_tool_calls)).toEqual([true, undefined]);
  });

  it("log probabilities are left out of a stream with tools, and only there", async () => {
    const { vr, server } = await startFamily(llamaCpp);
    const asking = { top_logprobs: 2, include: ["message.output_text.logprobs"] };
    const both = await vr.stream({ ...asking, tools: TOOLS });
    expect([both.status, both.headers.get("x-vr-warning")]).toEqual([
      200,
      expect.stringContaining("top_logprobs"),
    ]);
    await vr.stream(asking);
    await vr.post({ ...asking, tools: TOOLS });
    expect(server.requests.map(({ body }) => body.logprobs)).toEqual([undefined, true, true]);
    expect(server.refused).toEqual([]);
  });

  it("effort goes to the chat template too, for servers that do not read reasoning_effort", async () => {
    const { vr, server } = await startFamily(llamaCpp);
    await vr.post({ reasoning: { effort: "low" } });
    expect(server.requests[0]?.body).toMatchObject({
      reasoning_effort: "low",
      chat_template_kwargs: { reasoning_effort: "low" },
    });
  });

  it("takes sampling parameters beyond the API, some under its own names; it is not sent others", async () => {
    const { vr, server } = await startFamily(llamaCpp);
    const { headers } = await vr.post({
      ...{ top_k: 20, min_p: 0.1, seed: 7, stop: ["."], repetition_penalty: 1.1, ignore_eos: true },
      ...{ chat_template_kwargs: { enable_thinking: false }, logit_bias: { "5": -100 }, cache_salt: "salt" },
      reasoning: { effort: "low" },
    });
    expect(headers.get("x-vr-warning")).toBe('unknown parameter "cache_salt" was ignored');
    expect(server.requests[0]?.body).toMatchObject({
      ...{ top_k: 20, min_p: 0.1, seed: 7, stop: ["."], repeat_penalty: 1.1, ignore_eos: true },
      ...{ logit_bias: { "5": -100 }, reasoning_effort: "low" },
      chat_template_kwargs: { reasoning_effort: "low", enable_thinking: false },
    });
    expect(server.requests[0]?.body).not.toHaveProperty("cache_salt");
  });
});
