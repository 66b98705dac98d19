import { describe, expect, it } from "vitest";
import { vr } from "../helpers/command.ts";
import { raw } from "../helpers/raw.ts";
import { tempConfig } from "../helpers/temp-folder.ts";

/** All that a start prints, and the URL by which this machine reaches it. */
async function start(host: string, config: string, env: Record<string, string> = {}) {
  const command = vr(["start", "--port", "0", "--host", host, "--config", tempConfig(config)], { env });
  const { port } = new URL(await command.listening());
  return { url: `http://127.0.0.1:${port}`, banner: () => command.stdout(), stop: command.stop };
}

describe("the banner of a gateway that listens elsewhere than on loopback", () => {
  it.each(["0.0.0.0", "::"])(
    "on %s: says who may do what, as no plugin authenticates clients",
    async (host) => {
      const gateway = await start(
        host,
        `{ plugins: [demo(), storeSqlite(), codeInterpreter(), passthrough()] }`,
      );
      const [warning, ...lines] = gateway.banner().slice(gateway.banner().indexOf("  warning")).split("\n");
      expect(warning).toContain("no plugin authenticates clients");
      const said = lines.join("\n");
      expect(said).toMatch(/ask demo/);
      expect(said).toMatch(/read and delete responses in sqlite/);
      expect(said).toMatch(/run tools: code_interpreter/);
      expect(said).toMatch(/use .*\/v1\/containers.*\/v1\/chat\/completions/);
      await gateway.stop();
    },
  );

  it.each(["127.0.0.1", "127.8.8.8", "localhost"])("on %s there is nothing to warn of", async (host) => {
    const gateway = await start(host, "{ plugins: [demo(), storeSqlite(), codeInterpreter()] }");
    expect(gateway.banner()).not.toContain("warning");
    await gateway.stop();
  });
});

describe("the options of the edge reach the gateway", () => {
  it("http, cors, limits.jsonValues and VR_ALLOWED_HOSTS", async () => {
    const gateway = await start(
      "0.0.0.0",
      `{
        plugins: [demo(), storeSqlite()],
        http: { allowedHosts: ["a.example"], trustProxy: true },
        cors: { origins: ["http://page.example"] },
        limits: { jsonValues: 20 },
      }`,
      { VR_ALLOWED_HOSTS: "b.example" },
    );
    const status = async (headers: Record<string, string>) =>
      (await raw(gateway, "GET", "/health", headers)).status;
    expect(await status({ host: "a.example" })).toBe(421);
    expect(await status({ host: "b.example" })).toBe(200);
    expect(await status({ host: "a.example", "x-forwarded-host": "b.example" })).toBe(200);
    expect(await status({ origin: "http://page.example" })).toBe(200);
    expect(await status({ origin: "http://other.example" })).toBe(403);
    const body = JSON.stringify({ input: "x", metadata: { a: "1" }, tools: Array(20).fill(1) });
    const answer = await raw(gateway, "POST", "/v1/responses", { "content-type": "application/json" }, body);
    expect(answer.text).toContain("limits.jsonValues");
    await gateway.stop();
  });
});
