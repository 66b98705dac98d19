import { describe, expect, it } from "vitest";
import { startGateway } from "../helpers/gateway.ts";
import { tempConfig } from "../helpers/temp-folder.ts";

const SERVERS = `openaiCompatible({ name: "a", baseUrl: "http://127.0.0.1:1" }),
  openaiCompatible({ name: "b", baseUrl: "http://127.0.0.1:2" })`;

const config = (routes: string, servers = SERVERS) =>
  tempConfig(`{\n  plugins: [${servers}],\n  routes: ${routes},\n}`);

const ROUTES = `[{ model: "fast", to: [{ upstream: "b", model: "qwen" }], fallbacks: "a" }, { model: "*", to: "a" }]`;

describe("vr start with routes", () => {
  it("says where requests go", async () => {
    await using gateway = await startGateway({ config: config(ROUTES) });
    expect(gateway.stdout()).toContain("  route     fast → b as qwen; else a\n  route     * → a\n");
  });

  it("ignores them when --upstream takes the place of their targets, and says so", async () => {
    await using gateway = await startGateway({
      config: config(ROUTES),
      args: ["--upstream", "http://127.0.0.1:3/v1"],
    });
    const ignored = "ignored: --upstream or VR_UPSTREAM took the place of the upstreams that they name";
    expect(gateway.stdout()).toContain(`  routes    ${ignored}\n`);
    await expect.poll(() => gateway.stderr()).toContain(`routes are ${ignored}`);
  });

  it.each([
    [
      "an unknown upstream",
      `[{ model: "a", to: "a" }, { model: "b", to: "c" }]`,
      /vr\.config\.ts: config: routes\[1\]\.to: there is no upstream "c"; configured are: "a", "b"/,
    ],
    [
      "a misspelt key",
      `[{ model: "a", to: { upstream: "a", wieght: 2 } }]`,
      /vr\.config\.ts:\d+: config: routes\[0\]\.to: Unrecognized key: "wieght"/,
    ],
    [
      "a route that is never reached",
      `[{ model: "*", to: "a" }, { model: "b", to: "b" }]`,
      /vr\.config\.ts:\d+: config: routes\[1\]\.model: "b" is never reached/,
    ],
  ])("does not start with %s, and names it", async (_, routes, message) => {
    await expect(startGateway({ config: config(routes) })).rejects.toThrow(message);
  });

  it("names a wrong limit of an upstream", async () => {
    const servers = `openaiCompatible({ baseUrl: "http://127.0.0.1:1", maxConcurrent: 0 })`;
    await expect(startGateway({ config: config("[]", servers) })).rejects.toThrow(
      /plugin "upstream-openai-compatible": maxConcurrent: /,
    );
  });
});
