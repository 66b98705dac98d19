import { expect, it } from "vitest";
import { ask, post, textOf } from "../helpers/ask.ts";
import { startGateway } from "../helpers/gateway.ts";
import { needsRedis, startRedis } from "../helpers/redis.ts";

const config = "examples/redis/vr.config.ts";
const title = "examples/redis holds a conversation over a restart, and at another gateway";
const redis = needsRedis(title);

it.skipIf(redis.skip)(redis.title, async () => {
  const server = await startRedis();
  const env = { VR_REDIS_URL: server.url };
  const recall = { input: "What is my name?" };

  const first = await startGateway({ config, env });
  expect(first.stdout()).toContain(`store     redis: ${server.url}/0\n`);
  const told = await ask(first, { input: "My name is Ada." });
  expect(await first.stop()).toBe(0);

  const second = await startGateway({ config, env });
  const known = await ask(second, { ...recall, previous_response_id: told.id });
  expect(textOf(known)).toContain("Your name is Ada.");
  const other = await startGateway({ config, env });
  expect(textOf(await ask(other, { ...recall, previous_response_id: known.id }))).toContain("Ada");
  expect(await server.command("EXISTS", `example:${told.id}/response`)).toBe(1);

  await server.stop();
  const refused = await post(second, { ...recall, previous_response_id: known.id });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "store_unavailable" } });
  expect((await ask(second, { ...recall, store: false })).status).toBe("completed");
});
