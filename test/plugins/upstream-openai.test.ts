import { afterEach, describe, expect, it, vi } from "vitest";
import { openai as plugin } from "../../plugins/upstream-openai/index.ts";
import { describeUpstream } from "../contract/upstream.ts";
import { openai } from "../helpers/families/openai.ts";
import { startFamily } from "../helpers/families/start.ts";

describeUpstream(openai);

describe("OpenAI", () => {
  afterEach(() => vi.unstubAllEnvs());
  const keyless = { ...openai, plugin };

  it("takes the key of OPENAI_API_KEY, unless another is given", async () => {
    vi.stubEnv("OPENAI_API_KEY", "of-the-environment");
    const { vr, server } = await startFamily(keyless);
    await vr.post();
    expect(server.requests[0]?.headers.authorization).toBe("Bearer of-the-environment");
    const given = await startFamily(keyless, { apiKey: "of-the-option" });
    await given.vr.post();
    expect(given.server.requests[0]?.headers.authorization).toBe("Bearer of-the-option");
  });

  it("takes it without the line break that it was read from a file with", async () => {
    vi.stubEnv("OPENAI_API_KEY", "of-the-environment\n");
    const { vr, server } = await startFamily(keyless);
    await vr.post();
    expect(server.requests[0]?.headers.authorization).toBe("Bearer of-the-environment");
  });

  it("without a key OpenAI says what is wrong, not vr", async () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    const { vr } = await startFamily(keyless);
    expect((await vr.post({ model: "test-model" })).error.message).toContain("API key");
  });

  it("gets everything that goes along with a request, but metadata, which only stored answers may have", async () => {
    const { vr, server } = await startFamily(openai);
    const along = {
      user: "ada",
      safety_identifier: "ada",
      service_tier: "flex",
      prompt_cache_key: "key",
      prompt_cache_retention: "24h",
    };
    expect((await vr.post({ ...along, metadata: { a: "b" } })).response.metadata).toEqual({ a: "b" });
    expect(server.requests[0]?.body).toMatchObject(along);
    expect(server.requests[0]?.body).not.toHaveProperty("metadata");
  });

  it("is never sent reasoning, a client's own included", async () => {
    const { vr, server } = await startFamily(openai);
    const thought = {
      type: "reasoning",
      id: "rs_1",
      summary: [],
      content: [{ type: "reasoning_text", text: "hm" }],
    };
    const call = { type: "function_call", call_id: "call_0", name: "clock", arguments: "{}" };
    const output = { type: "function_call_output", call_id: "call_0", output: "noon" };
    expect((await vr.post({ input: [thought, call, output] })).status).toBe(200);
    expect(server.requests[0]?.raw).not.toContain("hm");
    expect(server.refused).toEqual([]);
  });
});
