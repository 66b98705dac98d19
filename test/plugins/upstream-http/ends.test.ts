import { describe, expect, it, onTestFinished } from "vitest";
import { openaiCompatible } from "../../../plugins/upstream-openai-compatible/index.ts";
import {
  chunk,
  createChatServer,
  DONE,
  LATER,
  plain,
  RESET,
  type Script,
  type Step,
  stream,
} from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { added, done, ended, message, responseOf } from "../../helpers/responses-says.ts";

async function start(api: "chat" | "responses", script: Script) {
  const server = await createChatServer({ first: script });
  onTestFinished(() => server.close());
  return startInProcess({ plugins: [openaiCompatible({ baseUrl: server.url, api, retries: 0 })] });
}

/** How a streamed answer ended, and an unstreamed one. */
async function outcomes(api: "chat" | "responses", script: Script) {
  const vr = await start(api, script);
  const streamed = await vr.stream({ model: "m" });
  const plainly = await vr.post({ model: "m" });
  return [streamed, plainly].map((answer) =>
    answer.status === 200 ? answer.response.status : `${answer.status}: ${answer.error.message}`,
  );
}

/** A stream whose last HTTP chunk is cut off in the middle, and the connection with it. */
const cutWithin = (...steps: Step[]): Script => {
  return ({ response, socket }) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    const text = steps
      .map((step) => (typeof step === "string" ? step : `data: ${JSON.stringify(step)}\n\n`))
      .join("");
    response.write(text, () => socket.write('ff\r\ndata: {"half', () => socket.destroy()));
  };
};

const words = message("msg_1", "Here.");
const said = [chunk({ role: "assistant" }), chunk({ content: "Here." }), chunk({}, "stop")];
const told = [added(0, words), done(0, words), ended([words])];

describe.each([
  ["chat", said],
  ["responses", told],
] as const)("an answer of a server with api: %s", (api, steps) => {
  it("is whole once it has said so, however its connection ends", async () => {
    for (const script of [stream(...steps, RESET), stream(...steps, LATER, RESET), cutWithin(...steps)])
      expect((await outcomes(api, script))[0]).toBe("completed");
  });

  it("has failed where its connection ends before", async () => {
    for (const script of [stream(...steps.slice(0, -1), RESET), cutWithin(...steps.slice(0, -1))]) {
      const vr = await start(api, script);
      const answer = await vr.stream({ model: "m" });
      expect(answer.response.error?.message).toContain("broke off");
      expect(JSON.stringify(answer.events)).toContain("Here.");
    }
  });
});

const completion = {
  choices: [{ index: 0, message: { role: "assistant", content: "Here." }, finish_reason: "stop" }],
};
const labelled = (body: string): Script => plain(body, 200, { "content-type": "text/event-stream" });

describe.each([
  ["chat", completion],
  ["responses", responseOf([words])],
] as const)("of a server with api: %s, a stream", (api, whole) => {
  it.each([
    ["only [DONE]", DONE],
    ["nothing", ""],
    ["comments", ": wait\n\n"],
    ["a page", "<html>out of order</html>"],
  ])("that is %s is no success", async (_, body) => {
    for (const outcome of await outcomes(api, labelled(body)))
      expect(outcome).toMatch(/^502: the model server/);
  });

  it.each([
    ["alone", ""],
    ["with [DONE] behind it", `\n\n${DONE}`],
  ])("that is JSON %s is read", async (_, rest) => {
    expect(await outcomes(api, labelled(JSON.stringify(whole) + rest))).toEqual(["completed", "completed"]);
  });

  it("that is an error as JSON says what it says", async () => {
    const error = JSON.stringify({ error: { message: "no room", code: 429 } });
    for (const outcome of await outcomes(api, labelled(error))) expect(outcome).toMatch(/^429: .*no room/);
  });

  it("with an event of another name goes on", async () => {
    const ping = "event: ping\ndata: 2026-01-01\n\n";
    const steps = api === "chat" ? said : told;
    const script = stream(ping, ...steps.flatMap((step) => [step, ping]), DONE);
    expect((await outcomes(api, script))[0]).toBe("completed");
  });
});

it("an answer of a role and nothing else is no success", async () => {
  const script = stream(chunk({ role: "assistant", content: "" }), DONE);
  for (const outcome of await outcomes("chat", script)) expect(outcome).toMatch(/^502: .*without content/);
});

it.each([
  ["a stream", stream({ type: "response.completed" })],
  ["a body", plain('{"output":[]}', 200, { "content-type": "application/json" })],
])("a response without content and a status is no success: %s", async (_, script) => {
  for (const outcome of await outcomes("responses", script))
    expect(outcome).toMatch(/^502: .*without content/);
});

it("what a model wrote that is no call fails a response that has begun", async () => {
  const vr = await start(
    "chat",
    stream(chunk({ content: "Let me" }), LATER, chunk({}, "MALFORMED_FUNCTION_CALL"), DONE),
  );
  const { response } = await vr.stream({ model: "m" });
  expect(response).toMatchObject({ status: "failed", error: { code: "server_error" } });
  expect(response.error?.message).toContain("MALFORMED_FUNCTION_CALL");
});

it.each([
  ["SAFETY", "content_filter"],
  ["MAX_TOKENS", "max_output_tokens"],
])("%s without content makes an incomplete response", async (reason, expected) => {
  const vr = await start("chat", stream(chunk({ content: null }, reason), DONE));
  for (const { response } of [await vr.stream({ model: "m" }), await vr.post({ model: "m" })])
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: expected } });
});
