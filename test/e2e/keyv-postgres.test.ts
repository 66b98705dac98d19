import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ask } from "../helpers/ask.ts";
import { type Command, vr } from "../helpers/command.ts";
import { createPostgres, needsPostgres, type PostgresServer } from "../helpers/postgres.ts";
import { tempConfig } from "../helpers/temp-folder.ts";

const postgres = needsPostgres("PostgreSQL through Keyv");
const resolved = (name: string) => JSON.stringify(fileURLToPath(import.meta.resolve(name)));

describe.skipIf(postgres.skip)(postgres.title, () => {
  const stopped: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stopped.splice(0)) await stop();
  });

  function start(server: PostgresServer): Command {
    const keyv = `new (await import(${resolved("keyv")})).Keyv(
      new (await import(${resolved("@keyv/postgres")})).KeyvPostgres("${server.url}"))`;
    const config = tempConfig(`{ plugins: [demo(), storeKeyv({ keyv: ${keyv} })] }`);
    const command = vr(["start", "--port", "0", "--config", config]);
    stopped.push(
      () => command.stop(),
      () => server.stop(),
    );
    return command;
  }

  const status = async (url: string, path: string) => (await fetch(`${url}${path}`)).status;
  const becomes = (read: () => Promise<number>, expected: number) =>
    vi.waitFor(async () => expect(await read()).toBe(expected), { timeout: 15_000, interval: 50 });

  it("a gateway outlives a restart of the server, and works when it is back", async () => {
    const server = await createPostgres();
    await server.start();
    const command = start(server);
    const url = await command.listening();
    const { id } = await ask({ url }, { input: "My name is Ada." });
    await server.stop();
    await becomes(() => status(url, `/v1/responses/${id}`), 503);
    expect(await status(url, "/health")).toBe(200);
    await server.start();
    await becomes(() => status(url, `/v1/responses/${id}`), 200);
    const { code, stderr } = await command.stop();
    expect(code).toBe(0);
    expect(stderr).toContain("terminating connection due to administrator command");
  });

  it("the table is made when the server comes, if it was not there at the start", async () => {
    const server = await createPostgres();
    const command = start(server);
    const url = await command.listening();
    const refused = await fetch(`${url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "hello" }),
    });
    expect(refused.status).toBe(503);
    await server.start();
    const { id } = await vi.waitFor(() => ask({ url }, { input: "My name is Ada." }), {
      timeout: 15_000,
      interval: 50,
    });
    expect(await status(url, `/v1/responses/${id}`)).toBe(200);
    expect((await command.stop()).code).toBe(0);
  });
});
