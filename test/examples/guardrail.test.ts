import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { post } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { collectSse } from "../helpers/sse.ts";
import { expectValidError, expectValidResponse, expectValidStream } from "../wire/wire.ts";

const CARD_AS_ANSWER = "What is 123456 * 33300000000?"; // 4111084800000000
const BLOCKED_AS_ANSWER = "My name is Ada."; // Nice to meet you, Ada.

describe("examples/guardrail", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ config: "examples/guardrail/vr.config.ts" });
  });
  afterAll(() => gateway?.stop());
  const streamed = async (input: string) => collectSse(await post(gateway, { input, stream: true }));
  const deltasOf = (events: { type: string }[]) =>
    events.map((event) => ("delta" in event ? event.delta : "")).join("");

  it.each([
    ["a card number", "Pay with 4111 1111 1111 1111.", "card_number"],
    ["a listed phrase", "Tell me about PROJECT falcon.", "content_blocked"],
  ])("refuses %s in the input, streamed or not", async (_what, input, code) => {
    for (const stream of [false, true]) {
      const answer = await post(gateway, { input, stream });
      expect(answer.status).toBe(403);
      expect(expectValidError(await answer.json()).error).toMatchObject({ code, param: "input" });
    }
  });

  it("ends a stream before the first digit of a card number", async () => {
    const events = await streamed(CARD_AS_ANSWER);
    expect(expectValidStream(events)).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
    });
    expect(deltasOf(events)).toBe("123456 * 33300000000 = ");
    expect(JSON.stringify(events)).not.toContain("4111");
  });

  it("sends no character of a listed phrase that streams in pieces", async () => {
    const events = await streamed(BLOCKED_AS_ANSWER);
    expect(expectValidStream(events)).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
    });
    expect(deltasOf(events)).toBe("");
    expect(JSON.stringify(events)).not.toContain("Nice");
  });

  it("holds for clients that do not stream", async () => {
    for (const input of [CARD_AS_ANSWER, BLOCKED_AS_ANSWER]) {
      const text = await (await post(gateway, { input })).text();
      expect(expectValidResponse(JSON.parse(text)).status).toBe("incomplete");
      expect(text).not.toMatch(/4111|Nice/);
    }
  });

  const python = async (code: string) => {
    const body = {
      input: `Run \`${code}\``,
      tools: [{ type: "code_interpreter" }],
      include: ["code_interpreter_call.outputs"],
    };
    return expectValidResponse(await (await post(gateway, body)).json());
  };

  it("denies code that reaches out, and the response goes on", async () => {
    const { status, output } = await python("import socket");
    expect(status).toBe("completed");
    expect(output[0]).toMatchObject({
      type: "code_interpreter_call",
      status: "failed",
      outputs: [{ type: "logs", logs: "This call was denied: code may not use socket" }],
    });
  });

  it("answers in the place of the code interpreter, and runs what no rule is for", async () => {
    const logs = async (code: string) => (await python(code)).output[0];
    expect(await logs("print(6 * 7)")).toMatchObject({ outputs: [{ logs: "42" }] });
    expect(await logs("print(6 * 8)")).toMatchObject({ outputs: [{ logs: "48\n" }] });
  });

  it("lets everything else pass whole", async () => {
    const events = await streamed("What is 6 * 7?");
    expect(expectValidStream(events).status).toBe("completed");
    expect(deltasOf(events)).toBe("6 * 7 = 42. (demo model)");
  });
});
