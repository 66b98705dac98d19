/** A gateway that is killed at any moment: what a client saw end is in the store. */
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Response as ResponseObject } from "../../core/protocol/wire.ts";
import { ask, post, textOf } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { chanceOf, ofSeed, oneOf, seeds } from "../helpers/rounds.ts";
import { readSse } from "../helpers/sse.ts";
import { tempFolder } from "../helpers/temp-folder.ts";
import { expectValidEvent, expectValidResponse } from "../wire/wire.ts";

const CLIENTS = 4;

/**
 * Clients talk, each in a conversation of its own, and the gateway is killed when they have read so many events.
 * @returns the responses that they saw end, one conversation after the other
 */
async function talkAndKill(gateway: Gateway, mostEvents: number): Promise<ResponseObject[][]> {
  let events = 0;
  let killed: Promise<unknown> | undefined;
  const talk = async (client: number, seen: ResponseObject[]) => {
    for (let turn = 0; !killed; turn++) {
      const answer = await post(gateway, {
        model: "demo",
        input: `Say: client ${client} in turn ${turn}`,
        previous_response_id: seen.at(-1)?.id,
        stream: true,
      });
      for await (const { event, data } of readSse(answer)) {
        const told = event === undefined ? undefined : expectValidEvent(data);
        if (told?.type === "response.completed") seen.push(told.response);
        events += 1;
        if (events === mostEvents) killed = gateway.stop("SIGKILL");
      }
    }
  };
  const conversations = Array.from({ length: CLIENTS }, (): ResponseObject[] => []);
  const talks = conversations.map((seen, client) =>
    talk(client, seen).catch((error: unknown) => {
      // Once it is killed, connections break.
      if (!killed) throw error;
    }),
  );
  await Promise.all(talks);
  await killed;
  return conversations;
}

async function expectStored(gateway: Gateway, conversation: readonly ResponseObject[]): Promise<void> {
  for (const response of conversation) {
    const stored = await fetch(`${gateway.url}/v1/responses/${response.id}`);
    expect(textOf(expectValidResponse(await stored.json()))).toBe(textOf(response));
  }
  const last = conversation.at(-1);
  if (!last) return;
  const next = await ask(gateway, {
    model: "demo",
    input: "What did I say first?",
    previous_response_id: last.id,
  });
  expect(textOf(next)).toContain("in turn 0");
}

it("has all of each conversation whose ends its clients saw, and goes on with it", async () => {
  const env = { VR_DB_PATH: join(tempFolder(), "vr.db") };
  let gateway = await startGateway({ env });
  let stored = 0;
  for (const seed of seeds({ few: 3, many: 300 })) {
    const conversations = await talkAndKill(gateway, 50 + oneOf(chanceOf(seed), 400));
    gateway = await startGateway({ env });
    for (const conversation of conversations) await ofSeed(seed, expectStored(gateway, conversation));
    stored += conversations.flat().length;
  }
  expect(stored).toBeGreaterThan(0);
  await gateway.stop();
});
