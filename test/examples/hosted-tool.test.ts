import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, askStreamed, textOf } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";

const question = {
  input: 'Search the docs for "rate limit"',
  tools: [{ type: "file_search", vector_store_ids: ["docs"] }],
};

describe("examples/hosted-tool", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    const env = { VR_UPSTREAM_KIND: "demo" };
    gateway = await startGateway({ config: "examples/hosted-tool/vr.config.ts", env });
  });
  afterAll(() => gateway?.stop());

  it("shows the call as an item of its own type, while it runs", async () => {
    const { response, events } = await askStreamed(gateway, question);
    expect(response.output).toMatchObject([
      { type: "file_search_call", status: "completed", queries: ["rate limit"], results: null },
      { type: "message" },
    ]);
    const types = events.map(({ type }) => type).filter((type) => type.includes("file_search"));
    expect(types).toEqual([
      "response.file_search_call.in_progress",
      "response.file_search_call.searching",
      "response.file_search_call.completed",
    ]);
  });

  it("shows the results to clients that include them", async () => {
    const { output } = await ask(gateway, { ...question, include: ["file_search_call.results"] });
    expect(output[0]).toMatchObject({ results: [{ filename: "rate-limits.md" }] });
  });

  it("gives the model the results of an earlier call", async () => {
    const results = [{ filename: "colours.md", text: "The sky is green." }];
    const call = { type: "file_search_call", id: "fs_1", status: "completed", queries: ["sky"], results };
    const again = await ask(gateway, { input: [{ role: "user", content: "Which colour has it?" }, call] });
    expect(textOf(again)).toContain("The sky is green.");
  });

  it("tells the model when nothing was found", async () => {
    const found = await ask(gateway, { ...question, input: 'Search the docs for "unicorns"' });
    expect(found.output[0]).toMatchObject({ status: "completed" });
    expect(textOf(found)).toContain("nothing found");
  });
});
