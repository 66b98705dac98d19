import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../helpers/ask.ts";
import { vr } from "../helpers/command.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";

const config = "examples/own-setting/vr.config.ts";
const PIN = "pin-4711-4711";

describe("examples/own-setting", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ config, env: { VR_SUPPORT_HOURS: "8:00-20:00", VR_SUPPORT_PIN: PIN } });
  });
  afterAll(() => gateway?.stop());

  it("answers with the value of the variable", async () => {
    const { output } = await ask(gateway, { input: "When does support answer the phone?" });
    expect(output[0]).toMatchObject({ type: "mcp_call", output: "8:00-20:00, with a PIN" });
  });

  it("logs the secret as [redacted]", async () => {
    await gateway.stop();
    expect(gateway.stderr()).toContain('"pin":"[redacted]"');
    expect(gateway.stderr() + gateway.stdout()).not.toContain(PIN);
  });
});

it("a wrong value ends the start, with the variable's name", async () => {
  const { code, stderr } = await vr(["start", "--port", "0", "--config", config], {
    cwd: process.cwd(),
    env: { VR_SUPPORT_HOURS: "always" },
  }).finished;
  expect(code).toBe(1);
  expect(stderr).toBe('vr: VR_SUPPORT_HOURS is "always": expected hours such as 9:00-17:30\n');
});
