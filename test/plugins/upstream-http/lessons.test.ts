import { describe, expect, it, onTestFinished } from "vitest";
import { Lessons, lessonOf } from "../../../plugins/upstream-http/lessons.ts";
import { openaiCompatible } from "../../../plugins/upstream-openai-compatible/index.ts";
import { createChatServer, json, type ReceivedRequest, wholeFixture } from "../../helpers/chat-server.ts";
import { ollama } from "../../helpers/families/ollama.ts";
import { startFamily } from "../../helpers/families/start.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { nativeAt } from "../../helpers/native.ts";
import { recorded } from "../../helpers/responses-server.ts";

// biome-ignore lint/suspicious/noExplicitAny: messages, as they were sent.
type Message = any;

/** A server that refuses what `refuses` says, with 400, and a gateway in front of it. */
async function strict(refuses: (request: ReceivedRequest) => string | undefined, options: object = {}) {
  const server = await createChatServer({
    guard(request) {
      const message = refuses(request);
      return message === undefined
        ? undefined
        : json({ error: { message, type: "invalid_request_error" } }, 400);
    },
  });
  onTestFinished(() => server.close());
  const plugin = openaiCompatible({ baseUrl: server.url, retries: 0, ...options });
  return { server, vr: await startInProcess({ plugins: [plugin] }) };
}

const user = (content: string) => ({ role: "user", content });
const said = (content: string) => ({ role: "assistant", content });
const call = (call_id: string) => ({ type: "function_call", call_id, name: "now", arguments: "{}" });
const output = (call_id: string) => ({ type: "function_call_output", call_id, output: "noon" });

describe("a server that wants reasoning on every assistant message", () => {
  const wanting = ({ body }: ReceivedRequest) =>
    body.messages.some((m: Message) => m.role === "assistant" && m.reasoning_content === undefined)
      ? "The `reasoning_content` in the thinking mode must be passed back to the API."
      : undefined;
  const thought = {
    type: "reasoning",
    id: "rs_1",
    summary: [],
    content: [{ type: "reasoning_text", text: "hm" }],
  };
  const input = [user("Hi"), thought, said("Hello."), user("And?"), said("And so."), user("Well?")];

  it("is asked again with it, and from then on at once; the client has lost nothing", async () => {
    const { vr, server } = await strict(wanting);
    for (const asked of [2, 3, 4]) {
      const { status, headers } = await vr.post({ input });
      expect([status, headers.get("x-vr-warning"), server.requests.length]).toEqual([200, null, asked]);
    }
    const messages: Message[] = server.requests[3]?.body.messages;
    expect(messages.filter(({ role }) => role === "assistant")).toEqual([
      { role: "assistant", content: "Hello.", reasoning_content: "hm" },
      { role: "assistant", content: "And so.", reasoning_content: "" },
    ]);
    expect(vr.log.filter(({ message }) => message === "learned from a refusal")).toHaveLength(1);
  });

  it("is believed when it still refuses", async () => {
    const { vr, server } = await strict(
      ({ body }) =>
        wanting({ body } as ReceivedRequest) ?? "thinking is enabled but reasoning_content is missing",
    );
    const { status, error } = await vr.post({ input });
    expect([status, server.requests.length]).toEqual([400, 2]);
    expect(error.message).toContain("reasoning_content is missing");
  });

  it("teaches it of the model that it refused for", async () => {
    const { vr, server } = await strict((request) =>
      request.body.model === "deepseek" ? wanting(request) : undefined,
    );
    await vr.post({ model: "deepseek", input });
    await vr.post({ model: "other", input });
    expect(server.requests.map(({ body }) => "reasoning_content" in body.messages[1])).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe("a server that takes ids of nine letters and digits alone", () => {
  const idsOf = (body: { messages: Message[] }) =>
    body.messages.flatMap((m) =>
      [...(m.tool_calls ?? []).map(({ id }: Message) => id), m.tool_call_id ?? []].flat(),
    );
  const refuses = ({ body }: ReceivedRequest) => {
    const bad = idsOf(body).find((id) => !/^[a-zA-Z0-9]{9}$/.test(id));
    return bad && `Tool call id was ${bad} but must be a-z, A-Z, 0-9, with a length of 9.`;
  };
  const input = [user("Time?"), call("call_0123456789abcdef"), output("call_0123456789abcdef")];

  it("is asked again with such, and from then on at once", async () => {
    const { vr, server } = await strict(refuses);
    for (const asked of [2, 3]) {
      const { status, headers } = await vr.post({ input });
      expect([status, headers.get("x-vr-warning"), server.requests.length]).toEqual([200, null, asked]);
    }
    const [, second, third] = server.requests.map(({ body }) => idsOf(body));
    expect(second).toEqual(third);
  });

  it("is not refused first where the quirk says so", async () => {
    const { vr, server } = await strict(refuses, { quirks: { callIds: "nine-characters" } });
    expect([(await vr.post({ input })).status, server.requests.length]).toEqual([200, 1]);
  });
});

it("a server may refuse one thing after the other", async () => {
  const { vr, server } = await strict(({ body }) => {
    if (body.reasoning_effort) return '"m" does not support thinking';
    if (body.messages.some((m: Message) => m.tool_calls?.[0].id.length > 9))
      return "Tool call id: length of 9";
    if (body.messages.some((m: Message) => m.tool_calls && !("reasoning_content" in m)))
      return "Missing `reasoning_content` field in the assistant message";
    return undefined;
  });
  const input = [user("Time?"), call("call_0123456789"), output("call_0123456789")];
  const { status } = await vr.post({ input, reasoning: { effort: "low" } });
  expect([status, server.requests.length]).toEqual([200, 4]);
});

describe("a model that does not think", () => {
  const WARNING = "reasoning.effort was left out: the model does not think";

  it("is asked again without an effort, and from then on at once; the client is told each time", async () => {
    const { vr, server } = await startFamily(ollama);
    server.reply(wholeFixture("ollama-error-not-thinking"), ollama.says({ text: "Hi." }));
    for (const asked of [2, 3]) {
      const { status, headers } = await vr.post({ reasoning: { effort: "low" } });
      expect([status, headers.get("x-vr-warning"), server.requests.length]).toEqual([200, WARNING, asked]);
    }
    expect(server.requests.map(({ body }) => body.reasoning_effort)).toEqual(["low", undefined, undefined]);
    // Not to think is what it does; and nobody else is told.
    for (const reasoning of [{ effort: "none" }, undefined])
      expect((await vr.post({ reasoning })).headers.get("x-vr-warning")).toBeNull();
  });

  it("the same through the Responses API", async () => {
    const server = await createChatServer();
    onTestFinished(() => server.close());
    const vr = await startInProcess({ plugins: [nativeAt(server)] });
    server.reply(wholeFixture("ollama-error-not-thinking"), recorded("responses/openai-refusal"));
    for (const asked of [2, 3]) {
      const { status, headers } = await vr.post({ reasoning: { effort: "low", summary: "auto" } });
      expect([status, headers.get("x-vr-warning"), server.requests.length]).toEqual([200, WARNING, asked]);
    }
    expect(server.requests.slice(1).map(({ body }) => body.reasoning)).toEqual([
      { summary: "auto" },
      { summary: "auto" },
    ]);
  });
});

describe("what a refusal teaches", () => {
  const of = (message: string, status = 400) =>
    lessonOf({ status, said: JSON.stringify({ message }) }, new Set());

  it.each([
    ["nine-character-ids", "Tool call id was call_x but must be a-z, A-Z, 0-9, with a length of 9."],
    ["reasoning-everywhere", "The `reasoning_content` in the thinking mode must be passed back to the API."],
    [
      "reasoning-everywhere",
      "thinking is enabled but reasoning_content is missing in assistant tool call message at index 32",
    ],
    [
      "reasoning-everywhere",
      "Missing `reasoning_content` field in the assistant message at message index 1.",
    ],
    ["no-effort", '"smoltools" does not support thinking'],
    ["no-effort", 'think value "low" is not supported for this model'],
  ])("%s: %s", (lesson, message) => {
    expect(of(message)).toBe(lesson);
    expect(of(message, 422)).toBe(lesson);
    // Not of access, pace, or a server in trouble; not what is known; not what is repeated of the request.
    for (const status of [401, 403, 404, 429, 500, 503]) expect(of(message, status)).toBeUndefined();
    expect(lessonOf({ status: 400, said: message }, new Set([lesson as "no-effort"]))).toBeUndefined();
    expect(of(`bad request: ${"x".repeat(2_000)}${message}`)).toBeUndefined();
  });

  it.each([
    "messages[1].reasoning_content: extra inputs are not permitted",
    "tool_call_id is not found in the conversation",
    "this model does not support tools",
    "reasoning_effort must be low, medium or high",
  ])("nothing: %s", (message) => expect(of(message)).toBeUndefined());
});

describe("what was learned of a model", () => {
  it("is forgotten after a quarter of an hour where it may change, and when a hundred other models were used since", () => {
    let now = 0;
    const lessons = new Lessons(() => now);
    lessons.add("a", "no-images");
    lessons.add("a", "nine-character-ids");
    now = 899_999;
    expect([...lessons.of("a")]).toEqual(["no-images", "nine-character-ids"]);
    now = 900_000;
    expect([...lessons.of("a")]).toEqual(["nine-character-ids"]);
    for (let i = 1; i < 100; i += 1) lessons.add(`other ${i}`, "no-effort");
    expect([...lessons.of("a")]).toEqual(["nine-character-ids"]);
    lessons.add("one more", "no-effort");
    expect([lessons.of("a").size, lessons.of("other 1").size]).toEqual([1, 0]);
  });
});
