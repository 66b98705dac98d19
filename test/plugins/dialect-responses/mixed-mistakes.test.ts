/** Several mistakes of a server at once, by chance, the same in each run: whatever comes of it is a valid stream. */
import { expect, it } from "vitest";
import { careful } from "../../helpers/careful-server.ts";
import { createChatServer, stream } from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { clock, nativeAt } from "../../helpers/native.ts";
import { type Chance, chanceOf, ofSeed, oneOf, seeds } from "../../helpers/rounds.ts";

type Json = Record<string, unknown>;

const ofItem = (event: Json) => event.item as Json | undefined;
const isLast = (event: Json) => event.response !== undefined;
const each = (change: (event: Json, chance: Chance) => Json) => (events: Json[], chance: Chance) =>
  events.map((event) => ({ ...event, ...change(event, chance) }));

const MISTAKES: ((events: Json[], chance: Chance) => Json[])[] = [
  each(() => ({ output_index: undefined })),
  each((event) => ("output_index" in event ? { output_index: 0 } : {})),
  each((event, chance) => ("output_index" in event ? { output_index: oneOf(chance, 6) } : {})),
  each((event, chance) => ("content_index" in event ? { content_index: oneOf(chance, 3) } : {})),
  each(() => ({ item_id: undefined })),
  each((event, chance) => ("item_id" in event ? { item_id: `x_${oneOf(chance, 9)}` } : {})),
  each((event, chance) => (event.item ? { item: { ...ofItem(event), id: `y_${oneOf(chance, 9)}` } } : {})),
  each((event, chance) => (chance() < 0.05 ? { delta: 5, part: 7, text: null } : event)),
  each((event) => (isLast(event) ? { response: { ...(event.response as Json), output: [] } } : {})),
  (events, chance) => events.flatMap((event) => (chance() < 0.2 ? [event, event] : [event])),
  (events, chance) => events.filter((event) => isLast(event) || chance() > 0.15),
  (events, chance) =>
    events
      .map((event, i) => ({ event, place: isLast(event) ? events.length * 2 : i + oneOf(chance, 4) }))
      .toSorted((one, other) => one.place - other.place)
      .map(({ event }) => event),
];

it("whatever comes of three mistakes at once is a valid stream that ends once", async () => {
  const server = await createChatServer();
  const vr = await startInProcess({ plugins: [nativeAt(server)] });
  for (const seed of seeds({ few: 60, many: 20_000 })) {
    const chance = chanceOf(seed);
    const mistakes = Array.from({ length: 3 }, () => MISTAKES[oneOf(chance, MISTAKES.length)]);
    const events = mistakes.reduce((told, mistake) => mistake?.(told, chance) ?? told, careful);
    server.reply(stream(...events));
    // Throws for a stream that is not valid.
    const answer = await ofSeed(seed, vr.stream({ tools: [clock, { type: "web_search" }] }));
    expect([200, 502], `seed ${seed}`).toContain(answer.status);
  }
  await server.close();
});
