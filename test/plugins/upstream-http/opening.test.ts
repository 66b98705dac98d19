/** When a client's stream opens: at the first event in which the model answers, since servers answer 200 and then refuse. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openaiCompatible } from "../../../plugins/upstream-openai-compatible/index.ts";
import {
  type ChatServer,
  chunk,
  createChatServer,
  DONE,
  LATER,
  type Step,
  stream,
} from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { nativeAt } from "../../helpers/native.ts";
import { added, ended, message, told } from "../../helpers/responses-says.ts";

let server: ChatServer;
beforeEach(async () => {
  server = await createChatServer();
});
afterEach(() => server.close());

const schemaError = {
  error: { message: "Invalid schema: nothing", type: "BadRequestError", param: null, code: 400 },
};
const created = { type: "response.created", response: { status: "in_progress", output: [] } };
const inProgress = { type: "response.in_progress", response: { status: "in_progress", output: [] } };

const dialects = {
  "chat completions": {
    start: () => startInProcess({ plugins: [openaiCompatible({ baseUrl: server.url, retries: 0 })] }),
    refusal: [schemaError] as Step[],
    first: chunk({ role: "assistant", content: "" }) as Step,
    rest: [chunk({ content: "noon" }, "stop"), DONE] as Step[],
  },
  responses: {
    start: () => startInProcess({ plugins: [nativeAt(server)] }),
    refusal: [created, inProgress, LATER, { type: "error", ...schemaError }] as Step[],
    first: added(0, { ...message("msg_1"), status: "in_progress" }) as Step,
    rest: [...told(message("msg_1", "noon"), 0).slice(1), ended([message("msg_1", "noon")])] as Step[],
  },
};

describe.each(Object.entries(dialects))("with %s", (_, { start, refusal, first, rest }) => {
  it("a 200 with an error in its stream is a 400", async () => {
    server.reply(stream(LATER, ...refusal, DONE));
    const answer = await (await start()).stream();
    expect(answer.status).toBe(400);
    expect(answer.error.message).toContain("Invalid schema: nothing");
  });

  it.each<[string, Step[]]>([
    ["comments", [": waiting\n\n", LATER, ": waiting\n\n"]],
    ["events without data", ["data:\n\n", LATER, "event: ping\n\n"]],
    ["line feeds", ["\n\n", LATER, "\r\n\r\n"]],
  ])("neither headers nor %s open the stream", async (_, steps) => {
    server.reply(stream(LATER, ...steps, LATER, ...refusal));
    expect((await (await start()).stream()).status).toBe(400);
  });

  it("the first event opens it, though it brings no words", async () => {
    const more = Promise.withResolvers<void>();
    server.reply(stream(LATER, first, more.promise, ...rest));
    const open = await (await start()).open();
    await open.until("response.in_progress");
    more.resolve();
    expect((await open.rest()).response.status).toBe("completed");
  });

  it("an error behind the first event is response.failed", async () => {
    const seen = Promise.withResolvers<void>();
    server.reply(stream(first, seen.promise, ...refusal));
    const open = await (await start()).open();
    await open.until("response.in_progress");
    seen.resolve();
    expect((await open.rest()).response).toMatchObject({
      status: "failed",
      error: { code: "invalid_prompt" },
    });
  });
});

describe("a server that answers 200 and then fails", () => {
  const failure: Step[] = [": loading\n\n", LATER, { error: { message: "no memory", code: 500 } }];

  it("has another asked in its place", async () => {
    const other = await createChatServer();
    server.reply(stream(...failure));
    const vr = await startInProcess({
      plugins: [
        openaiCompatible({ name: "first", baseUrl: server.url, retries: 0 }),
        openaiCompatible({ name: "second", baseUrl: other.url, retries: 0 }),
      ],
      routes: [{ model: "*", to: "first", fallbacks: ["second"] }],
    });
    const { response } = await vr.stream({ model: "test-model" });
    expect(response.status).toBe("completed");
    expect(other.requests).toHaveLength(1);
    await other.close();
  });

  it("opens after headersAfterMs all the same, and fails in the stream", async () => {
    const later = Promise.withResolvers<void>();
    server.reply(stream(": loading\n\n", later.promise, ...failure));
    const vr = await startInProcess({
      plugins: [openaiCompatible({ baseUrl: server.url, retries: 0 })],
      limits: { headersAfterMs: 5 },
    });
    const open = await vr.open();
    await open.until("response.in_progress");
    later.resolve();
    expect((await open.rest()).response.status).toBe("failed");
  });
});
