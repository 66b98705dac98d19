import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ask, post, textOf } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { needsRedis, startRedis } from "../helpers/redis.ts";
import { tempFolder } from "../helpers/temp-folder.ts";

const redis = needsRedis("two gateways that share a Redis");

/** What two processes that share a store must do: `environment` names the store. */
function describeShared(
  title: string,
  skip: boolean,
  environment: () => Promise<Record<string, string>>,
): void {
  describe.skipIf(skip)(title, () => {
    let one: Gateway;
    let two: Gateway;
    beforeAll(async () => {
      const env = await environment();
      [one, two] = await Promise.all([startGateway({ env }), startGateway({ env })]);
    });

    const recall = { input: "What is my name?" };

    it("continue each other's conversations, turn by turn", async () => {
      let { id } = await ask(one, { input: "My name is Ada." });
      for (const gateway of [two, one, two, two, one]) {
        const next = await ask(gateway, { ...recall, previous_response_id: id });
        expect(textOf(next)).toContain("Your name is Ada.");
        ({ id } = next);
      }
    });

    it("see each other's deletes at once, in the middle of a conversation, too", async () => {
      const first = await ask(one, { input: "My name is Ada." });
      const second = await ask(two, { ...recall, previous_response_id: first.id });
      // Both have read it: nothing that they remember may bring it back.
      for (const gateway of [one, two]) await ask(gateway, { ...recall, previous_response_id: second.id });
      const path = `/v1/responses/${first.id}`;
      expect((await fetch(`${one.url}${path}`, { method: "DELETE" })).status).toBe(200);
      for (const gateway of [two, one]) {
        expect((await fetch(`${gateway.url}${path}`)).status).toBe(404);
        const refused = await post(gateway, { ...recall, previous_response_id: second.id });
        expect(refused.status).toBe(400);
        expect(await refused.json()).toMatchObject({ error: { code: "previous_response_not_found" } });
      }
    });

    it("lose nothing of what they write at the same time", async () => {
      const names = Array.from({ length: 60 }, (_, n) => `Ada${n}`);
      const gateways = (n: number) => (n % 2 === 0 ? [one, two] : [two, one]) as [Gateway, Gateway];
      const answers = names.map(async (name, n) => {
        const [writer, reader] = gateways(n);
        const first = await ask(writer, { input: `My name is ${name}.` });
        // Two continuations of one response, one on each gateway.
        const body = { ...recall, previous_response_id: first.id };
        const forks = await Promise.all([ask(writer, body), ask(reader, body)]);
        const further = forks.map(({ id }) => ask(reader, { ...recall, previous_response_id: id }));
        return [...forks, ...(await Promise.all(further))].map(textOf);
      });
      const expected = names.map((name) => Array(4).fill(expect.stringContaining(`Your name is ${name}.`)));
      expect(await Promise.all(answers)).toEqual(expected);
    });
  });
}

describeShared("two gateways that share a SQLite file", false, async () => ({
  VR_DB_PATH: join(tempFolder(), "shared.db"),
}));
describeShared(redis.title, redis.skip, async () => ({ VR_REDIS_URL: (await startRedis()).url }));
