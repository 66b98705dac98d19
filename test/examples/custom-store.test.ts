import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, post, textOf } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";

describe("examples/custom-store", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    const env = { VR_UPSTREAM_KIND: "demo" };
    gateway = await startGateway({ config: "examples/custom-store/vr.config.ts", env });
  });
  afterAll(() => gateway?.stop());

  it("keeps a conversation", async () => {
    expect(gateway.stdout()).toContain("memory: the latest 100 responses\n");
    const first = await ask(gateway, { input: "My name is Ada." });
    const second = await ask(gateway, { input: "I like tea.", previous_response_id: first.id });
    const third = await ask(gateway, { input: "What is my name?", previous_response_id: second.id });
    expect(textOf(third)).toContain("Ada");
    const items = await fetch(`${gateway.url}/v1/responses/${second.id}/input_items`);
    expect(await items.json()).toMatchObject({ data: [{ content: [{ text: "I like tea." }] }] });
  });

  it("refuses to continue a conversation of which a part is gone", async () => {
    const first = await ask(gateway, { input: "My name is Ada." });
    const second = await ask(gateway, { input: "I like tea.", previous_response_id: first.id });
    await fetch(`${gateway.url}/v1/responses/${first.id}`, { method: "DELETE" });
    const third = await post(gateway, { input: "What is my name?", previous_response_id: second.id });
    expect(third.status).toBe(400);
    expect(await third.json()).toMatchObject({ error: { code: "previous_response_not_found" } });
  });

  it("forgets the oldest when it is full", async () => {
    const first = await ask(gateway, { input: "My name is Ada." });
    for (let i = 0; i < 100; i++) await ask(gateway, { input: "Say: tea" });
    expect((await fetch(`${gateway.url}/v1/responses/${first.id}`)).status).toBe(404);
  });
});
