import { expect, it, onTestFinished } from "vitest";
import { search } from "../../helpers/careful-server.ts";
import { createChatServer, RESET, stream } from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { nativeAt } from "../../helpers/native.ts";
import { added, done, ended } from "../../helpers/responses-says.ts";

const ITEMS = [
  search,
  { id: "fs_1", type: "file_search_call", status: "completed", queries: ["noon"], results: null },
  { id: "ig_1", type: "image_generation_call", status: "completed", result: "" },
  {
    id: "ci_1",
    type: "code_interpreter_call",
    status: "completed",
    container_id: "c",
    code: "",
    outputs: null,
  },
] as const;

const opening = (item: (typeof ITEMS)[number], index = 0) => added(index, { ...item, status: "in_progress" });

async function answerOf(...events: Parameters<typeof stream>) {
  const server = await createChatServer();
  onTestFinished(() => server.close());
  const vr = await startInProcess({ plugins: [nativeAt(server)] });
  server.reply(stream(...events));
  // Throws for a stream that is not valid.
  return await vr.stream();
}

it.each(ITEMS)("a $type that is opened twice is cut off and begun anew", async (item) => {
  const { types } = await answerOf(opening(item), opening(item, 1), done(1, item), ended([item]));
  expect(types.at(-1)).toBe("response.completed");
});

it.each(ITEMS)("a $type of which nothing but the opening came has begun", async (item) => {
  const { types } = await answerOf(opening(item), RESET);
  expect(types).toContain(`response.${item.type}.in_progress`);
  expect(types.at(-1)).toBe("response.failed");
});
