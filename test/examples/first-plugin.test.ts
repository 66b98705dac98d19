import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, post } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { expectValidError } from "../wire/wire.ts";

describe("examples/first-plugin", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    const env = { VR_UPSTREAM_KIND: "demo" };
    gateway = await startGateway({ config: "examples/first-plugin/vr.config.ts", env });
  });
  afterAll(() => gateway?.stop());

  it("runs the tool that the model calls", async () => {
    const { output } = await ask(gateway, { input: 'How many "apples" are in stock?' });
    expect(output).toMatchObject([
      { type: "mcp_call", server_label: "shop", name: "stock", output: '{"item":"apples","pieces":12}' },
      { type: "message" },
    ]);
  });

  it("refuses a request before a model sees it", async () => {
    const answer = await post(gateway, { input: "My password is 1234." });
    expect(answer.status).toBe(403);
    expect(expectValidError(await answer.json()).error.message).toBe("Do not send passwords.");
  });
});
